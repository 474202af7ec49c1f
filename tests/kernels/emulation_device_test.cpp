// SPDX-License-Identifier: MIT
// Injected bugs: proof that the emulated device sees what a GPU would answer with silence. First small kernels with one
// bug each, then the real kernels with one of their barriers left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/gpu_case.hpp"
#include "scan/gpu/device.hpp"

namespace stgmamba::kernels::test {
namespace {

namespace device = emulated::device;
using emulation::Fault;
using emulation::ThreadOrder;
using testing::HasSubstr;

struct Toy {
  float* out = nullptr;
  int size = 0;
};

/// What the device says about kernel(args), the same in every thread order; "" when it has no complaint.
std::string verdict(void (*kernel)(Toy), const LaunchShape& shape, const Toy& args) {
  std::string all;
  for (const ThreadOrder order : {ThreadOrder::kForward, ThreadOrder::kReverse, ThreadOrder::kRandom}) {
    emulation::settings().order = order;
    std::string now = "nothing";
    try {
      device::launch(kernel, shape, nullptr, args);
    } catch (const Fault& fault) {
      now = fault.what();
    }
    all += now + "\n";
  }
  emulation::settings() = {};
  return all;
}

/// Every one of the three lines holds `text`.
testing::AssertionResult in_every_order(const std::string& lines, const std::string& text) {
  int count = 0;
  for (std::size_t at = lines.find(text); at != std::string::npos; at = lines.find(text, at + 1)) {
    count += lines.rfind('\n', at) == lines.rfind('\n', at + 1) ? 1 : 0;
  }
  return count >= 3 ? testing::AssertionSuccess() : testing::AssertionFailure() << lines;
}

/// Neighbours swap values twice over. Bits of `bugs` leave out a step of it.
template <int kBug>
void swap_neighbours(Toy args) {
  const device::Shared<float> shared(0);
  const int me = device::thread_index(), other = me ^ 32;  // in the other warp
  float value = static_cast<float>(me);
  for (int round = 0; round < 2; ++round) {
    shared.store(me, value);
    if (kBug != 1) {
      device::barrier();
    }
    value = shared.load(kBug == 3 && me == 63 ? device::block_size() : kBug == 4 ? other + 1 - 2 * (me & 1) : other);
    if (kBug != 2) {
      device::barrier();
    }
  }
  device::store(args.out + me, value);
}

TEST(EmulatedDevice, CorrectKernelPassesInEveryOrder) {
  emulation::GuardedBuffer out("out", 64 * 4);
  EXPECT_TRUE(in_every_order(verdict(swap_neighbours<0>, {3, 64, 256}, {static_cast<float*>(out.data())}), "nothing"));
  EXPECT_EQ(static_cast<float*>(out.data())[7], 7.0F);
}

TEST(EmulatedDevice, SeesMissingBarrier) {
  emulation::GuardedBuffer out("out", 64 * 4);
  const Toy args{static_cast<float*>(out.data())};
  const std::string all = verdict(swap_neighbours<1>, {1, 64, 256}, args);
  EXPECT_THAT(all, testing::Not(HasSubstr("nothing")));
  EXPECT_THAT(all, HasSubstr("nobody wrote"));  // the first thread to run reads what is not there yet
}

TEST(EmulatedDevice, SeesMissingWriteAfterReadBarrier) {
  emulation::GuardedBuffer out("out", 64 * 4);
  const Toy args{static_cast<float*>(out.data())};
  EXPECT_TRUE(in_every_order(verdict(swap_neighbours<2>, {1, 64, 256}, args), "race: thread"));
}

TEST(EmulatedDevice, SeesOffByOneInSharedMemory) {
  emulation::GuardedBuffer out("out", 64 * 4);
  const Toy args{static_cast<float*>(out.data())};
  EXPECT_TRUE(in_every_order(verdict(swap_neighbours<3>, {1, 64, 256}, args), "out of bounds in shared memory"));
}

void misaligned(Toy) {
  device::Shared<float>(0).store4(2, {{1, 2, 3, 4}});
}
void unwritten(Toy args) {
  device::store(args.out, device::Shared<float>(0).load(1));
}
void past_the_end(Toy args) {
  device::store(args.out + device::thread_index() + 1, 1.0F);
}  // one too far
void reads_before(Toy args) {
  device::store(args.out, device::load(args.out - 1));
}
void behind_our_back(Toy args) {
  args.out[args.size] = 1.0F;
}  // a store that no accessor sees
void divergent_barrier(Toy) {
  if (device::thread_index() < 40) {
    device::barrier();
  }
}
void two_barriers(Toy) {
  if (device::thread_index() < 32) {
    device::barrier();
  } else {
    device::barrier();
  }
}
void wrong_mask(Toy args) {
  const float x = device::shuffle_xor(0x7fffffffU, 1.0F, 1);  // lane 31 calls and is not in the mask
  device::store(args.out + device::thread_index(), x);
}
void reads_outside_mask(Toy) {
  if (device::thread_index() < 16) {
    device::shuffle_xor(0xffffU, 1.0F, 16);
  }
}
void half_a_warp(Toy) {
  if (device::thread_index() < 16) {
    device::shuffle_xor(0xffffffffU, 1.0F, 1);
  }
}
void full_mask(Toy) {
  device::shuffle_xor(0xffffffffU, 1.0F, 1);
}
void nothing_at_all(Toy) {}

TEST(EmulatedDevice, SeesWrongAccesses) {
  emulation::GuardedBuffer out("out", {2, 32 * 4, 40 * 4});
  const Toy args{static_cast<float*>(out.data()), 34};
  EXPECT_TRUE(in_every_order(verdict(misaligned, {1, 1, 64}, args), "misaligned access to shared memory"));
  EXPECT_TRUE(in_every_order(verdict(unwritten, {1, 1, 64}, args), "that nobody wrote"));
  EXPECT_TRUE(
      in_every_order(verdict(past_the_end, {1, 32, 0}, args), "store out of bounds in global memory (beside out)"));
  EXPECT_TRUE(
      in_every_order(verdict(reads_before, {1, 1, 0}, args), "load out of bounds in global memory (beside out)"));
  EXPECT_TRUE(in_every_order(verdict(behind_our_back, {1, 1, 0}, args), "in the padding of row 0 of out"));
}

TEST(EmulatedDevice, SeesDivergenceAndWrongMasks) {
  emulation::GuardedBuffer out("out", 64 * 4);
  const Toy args{static_cast<float*>(out.data())};
  EXPECT_TRUE(in_every_order(verdict(divergent_barrier, {1, 64, 0}, args), "from thread 40 have ended"));
  EXPECT_TRUE(in_every_order(verdict(two_barriers, {1, 64, 0}, args), "divergent barrier"));
  EXPECT_TRUE(in_every_order(verdict(wrong_mask, {1, 32, 0}, args), "leaves out the calling lane 31"));
  EXPECT_TRUE(in_every_order(verdict(reads_outside_mask, {1, 32, 0}, args), "shuffle mask leaves out lane"));
  EXPECT_TRUE(in_every_order(verdict(half_a_warp, {1, 32, 0}, args), "with mask 4294967295"));
  EXPECT_TRUE(in_every_order(verdict(full_mask, {1, 24, 0}, args), "that the warp does not have"));
}

TEST(EmulatedDevice, SeesLimits) {
  EXPECT_TRUE(in_every_order(verdict(nothing_at_all, {1, 32, 232449}, {}), "bytes of shared memory"));
  EXPECT_TRUE(in_every_order(verdict(nothing_at_all, {1, 1025, 0}, {}), "a block of 1025 threads"));
  EXPECT_TRUE(in_every_order(verdict(nothing_at_all, {0, 32, 0}, {}), "a grid of 0 blocks"));
  EXPECT_TRUE(in_every_order(verdict(nothing_at_all, {1LL << 31, 32, 0}, {}), "a grid of 2147483648 blocks"));
}

/// Runs of the real kernels, with h0, several chunks, several segments and several sequences a block.
GpuShape racy_shape() {
  GpuShape shape{.frames = 130, .joints = 2, .channels = 64, .states = 8, .seed = 9};
  shape.branches = {{Axis::kJoints, false, true, false}, {Axis::kFrames, false, false, true}};
  return shape;
}

TEST(EmulatedDevice, RealKernelsNeedEachOfTheirBarriers) {
  GpuCase scan(racy_shape());
  std::string missing;
  const std::unique_ptr<Device> run = test_device(missing);
  emulation::settings().barrier_lines.clear();
  ASSERT_EQ(scan.run(*run), "");
  const std::set<unsigned> lines = emulation::settings().barrier_lines;
  EXPECT_EQ(lines.size(), 6U);  // forward: 2; backward: 2 to stage, 2 around the sums
  for (const unsigned line : lines) {
    for (const ThreadOrder order : {ThreadOrder::kForward, ThreadOrder::kReverse, ThreadOrder::kRandom}) {
      emulation::settings().order = order;
      emulation::settings().skip_barrier_line = line;
      EXPECT_THROW(scan.run(*run), Fault) << "without the barrier of line " << line;
    }
  }
  emulation::settings() = {};
}

}  // namespace
}  // namespace stgmamba::kernels::test
