// SPDX-License-Identifier: MIT
#include <cstring>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/scan_cases.hpp"
#include "scan/cpu/plan.hpp"
#include "scan/cpu/scan.hpp"
#include "support/pairwise.hpp"
#include "support/temp_folder.hpp"

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

namespace stgmamba::kernels::test {
namespace {

/// `threads` threads, each with its own contiguous share.
ParallelFor on_threads(std::int64_t threads) {
  return [threads](std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body) {
    std::vector<std::thread> workers;
    for (std::int64_t i = 0; i < threads; ++i) {
      workers.emplace_back([=, &body] { body(count * i / threads, count * (i + 1) / threads); });
    }
    for (std::thread& worker : workers) {
      worker.join();
    }
  };
}

TEST(CpuScan, EveryBuildEqualsDoublePrecision) {
  const auto cases = stgmamba::test::pairwise_cover(factor_counts());
  for (const auto& c : cases) {
    const WorldShape shape = world_of(c);
    World world(shape);
    const Results wanted = world.reference();
    for (const Isa isa : usable_isas()) {
      CpuRun run;
      run.isa = isa;
      EXPECT_EQ(wrong_with(shape, run, world, wanted), "");
    }
  }
  RecordProperty("cases", static_cast<int>(cases.size()));
}

TEST(CpuScan, CheckpointsChangeNothingButTheRounding) {
  for (const Scalar io : kTypes) {
    WorldShape shape{.batch = 2, .frames = 23, .joints = 3, .channels = 21, .states = 9, .io = io};
    shape.branches = {{Axis::kFrames, false, false, true}, {Axis::kNodes, true, true, true}};
    World world(shape);
    const Results wanted = world.reference();
    for (const Isa isa : usable_isas()) {
      for (const std::int64_t chunk : {1, 5, 22, 23, 24}) {
        CpuRun run;
        run.isa = isa;
        run.chunk = chunk;
        EXPECT_EQ(wrong_with(shape, run, world, wanted), "") << "chunk " << chunk;
      }
    }
  }
}

TEST(CpuScan, BitsDoNotDependOnThreadsOrRuns) {
  // Enough sequences to split; too few, so that channels are split instead; half precision's sum of d_u.
  for (const auto& [batch, io] : {std::pair{30, Scalar::kFloat32}, {1, Scalar::kFloat32}, {2, Scalar::kBFloat16}}) {
    WorldShape shape{.batch = batch, .frames = 6, .joints = 5, .channels = 150, .states = 16, .io = io};
    shape.branches = {{Axis::kJoints}, {Axis::kFrames}, {Axis::kFrames, true}, {Axis::kNodes}};
    World world(shape);
    for (const Isa isa : usable_isas()) {
      CpuRun run;
      run.isa = isa;
      world.run(run);
      const auto bits = world.bits();
      for (const std::int64_t threads : {1, 2, 3, 2}) {
        run.parallel = on_threads(threads);
        world.run(run);
        EXPECT_EQ(world.bits(), bits) << text(shape) << " " << isa_name(isa) << " " << threads << " threads";
      }
    }
  }
}

/// Where rounding piles up: chunk after chunk, states that forget slowly, few values to be the largest.
TEST(CpuScan, LongSequences) {
  for (const std::int64_t length : {600, 1500, 6000}) {
    for (const std::int64_t states : {1, 2, 4, 16}) {
      for (const std::int64_t channels : {8, 37}) {
        for (const double delta : {-6.0, -5.0, -4.0, -2.0, 0.0}) {
          WorldShape shape{
              .batch = 1, .frames = length, .joints = 1, .channels = channels, .states = states, .delta = delta};
          shape.branches = {{Axis::kFrames, states % 4 == 0, false, channels == 8}};
          World world(shape);
          const Results wanted = world.reference();
          for (const Isa isa : usable_isas()) {
            CpuRun run;
            run.isa = isa;
            EXPECT_EQ(wrong_with(shape, run, world, wanted), "") << "delta " << delta;
          }
        }
      }
    }
  }
}

TEST(CpuScan, ScratchIsBoundedHoweverLongTheSequence) {
  for (const Isa isa : usable_isas()) {
    for (const std::int64_t states : {1, 16, 256}) {
      const ScanKernels& kernels = find_kernels(Scalar::kFloat32, isa);
      ScanPart part;
      part.states = states;
      part.channels = 256;
      part.block_end = blocks_of(part.channels, kernels);
      const std::int64_t state_bytes = part.channels * states * 4;
      for (const std::int64_t length : {50, 900, 6000, 100000}) {
        part.path.length = length;
        part.chunk = backward_chunk(kernels, part, 0);
        const std::int64_t chunks = (length + part.chunk - 1) / part.chunk;
        EXPECT_LT(static_cast<std::int64_t>(kernels.backward_scratch(part)), (1 << 20) + (chunks + 1) * state_bytes)
            << isa_name(isa) << " N " << states << " L " << length;
        EXPECT_LE(chunks, 1 + length / 100);
      }
      part.path.length = 50;
      EXPECT_EQ(backward_chunk(kernels, part, 0), 50);  // a short sequence is kept whole
    }
  }
}

TEST(CpuScan, DenormalsAreFlushedInsideOnly) {
#ifndef __SSE2__
  GTEST_SKIP() << "no MXCSR on this machine: only x86 has a mode for denormals to restore";
#else
  WorldShape shape{.batch = 1, .frames = 4, .joints = 3, .channels = 20, .states = 3, .gradient = 1e-40};
  shape.branches = {{Axis::kFrames}};
  const unsigned before = _mm_getcsr();
  ASSERT_EQ(before & 0x8040U, 0U);
  std::vector<unsigned> inside;
  std::vector<unsigned> after;
  for (const Isa isa : usable_isas()) {
    World world(shape);
    CpuRun run;
    run.isa = isa;
    run.parallel = [&](std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body) {
      std::thread([&] {
        body(0, count);
        after.push_back(_mm_getcsr());
      }).join();
    };
    world.run(run);
    for (const Named& result : world.results()) {
      if (result.name[0] == 'd') {
        EXPECT_THAT(result.values, testing::Each(0.0)) << result.name << " " << isa_name(isa);
      }
    }
    run.parallel = nullptr;
    world.run(run);  // in this thread
    EXPECT_EQ(_mm_getcsr() & 0x8040U, 0U);
  }
  EXPECT_THAT(after, testing::Each(testing::ResultOf([](unsigned csr) { return csr & 0x8040U; }, 0U)));
#endif
}

TEST(CpuScan, ImpossibleProblemsAreRefused) {
  const auto refused = [](std::int64_t channels, std::int64_t states, int branches) {
    ScanForward problem;
    problem.channels = channels;
    problem.states = states;
    problem.branches = branches;
    return stgmamba::test::error_of([&] { scan_forward(problem, {}); });
  };
  EXPECT_THAT(refused(3, kMaxStates + 1, 1), testing::HasSubstr("1 to 256 states, got 3 and 257"));
  EXPECT_THAT(refused(0, 4, 1), testing::HasSubstr("needs channels"));
  EXPECT_THAT(refused(3, 4, kMaxBranches + 1), testing::HasSubstr("at most 4 branches, got 5"));
}

TEST(CpuScan, BuildsAreNamed) {
  for (const Isa isa : usable_isas()) {
    EXPECT_EQ(isa_from_name(isa_name(isa)), isa);
  }
  EXPECT_EQ(usable_isas().front(), Isa::kPortable);
  EXPECT_THAT(stgmamba::test::error_of([] { isa_from_name("sse9"); }),
              testing::HasSubstr("must be portable, avx2 or avx512, got 'sse9'"));
}

}  // namespace
}  // namespace stgmamba::kernels::test
