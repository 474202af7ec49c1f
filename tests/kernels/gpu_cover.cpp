// SPDX-License-Identifier: MIT
#include "kernels/gpu_cover.hpp"

#include <array>
#include <random>
#include <set>

namespace stgmamba::kernels::test {
namespace {

constexpr std::array<std::int64_t, 15> kLengths{1, 2, 7, 8, 9, 17, 18, 19, 31, 32, 33, 50, 64, 65, 130};
constexpr std::array<std::int64_t, 6> kChannels{32, 128, 160, 256, 512, 200};
constexpr std::array<std::int64_t, 5> kStates{1, 4, 8, 16, 32};
constexpr std::array<Scalar, 4> kTypes{Scalar::kFloat32, Scalar::kFloat64, Scalar::kBFloat16, Scalar::kFloat16};
constexpr std::array<emulation::ThreadOrder, 3> kOrders{
    emulation::ThreadOrder::kForward, emulation::ThreadOrder::kReverse, emulation::ThreadOrder::kRandom};
constexpr int kFactors = 9;
constexpr std::array<int, kFactors> kLevels{15, 6, 5, 4, 3, 3, 2, 2, 2};
using Row = std::array<int, kFactors>;  // length channels states type order axis batch strided first

CoverCase case_of(const Row& row, std::uint64_t seed) {
  CoverCase out;
  GpuShape& s = out.shape;
  const std::int64_t length = kLengths[static_cast<std::size_t>(row[0])];
  s.channels = kChannels[static_cast<std::size_t>(row[1])];
  s.states = kStates[static_cast<std::size_t>(row[2])];
  s.io = kTypes[static_cast<std::size_t>(row[3])];
  out.order = kOrders[static_cast<std::size_t>(row[4])];
  s.batch = 1 + row[6];
  s.strided = row[7] != 0;
  s.seed = seed;
  const bool first = row[8] != 0;
  switch (row[5]) {
    case 0:  // along the joints: V = L
      s.frames = 2, s.joints = length;
      s.branches = {{Axis::kJoints, false, true, first},
                    {Axis::kFrames, false, false, false},
                    {Axis::kFrames, true, false, first}};
      break;
    case 1:  // along the frames: F = L
      s.frames = length, s.joints = 2;
      s.branches = {{Axis::kJoints, true, false, false},
                    {Axis::kFrames, false, false, first},
                    {Axis::kFrames, true, false, first}};
      break;
    default:  // all nodes in one sequence, alone: F V = L
      s.frames = length % 2 == 0 ? 2 : 1, s.joints = length / s.frames;
      s.branches = {{Axis::kNodes, seed % 2 == 0, true, first}};
  }
  return out;
}

int pair_id(int f, int i, int g, int j) {
  return ((f * kFactors + g) * 16 + i) * 16 + j;
}

int new_pairs(const Row& row, const std::set<int>& open) {
  int count = 0;
  for (int f = 0; f < kFactors; ++f) {
    for (int g = f + 1; g < kFactors; ++g) {
      count += static_cast<int>(
          open.count(pair_id(f, row[static_cast<std::size_t>(f)], g, row[static_cast<std::size_t>(g)])));
    }
  }
  return count;
}

}  // namespace

std::vector<CoverCase> pairwise_cover() {
  std::set<int> open;
  for (int f = 0; f < kFactors; ++f) {
    for (int g = f + 1; g < kFactors; ++g) {
      for (int i = 0; i < kLevels[static_cast<std::size_t>(f)]; ++i) {
        for (int j = 0; j < kLevels[static_cast<std::size_t>(g)]; ++j) {
          open.insert(pair_id(f, i, g, j));
        }
      }
    }
  }
  // Greedy: of many random rows that hold an open pair, the one that closes most.
  std::mt19937_64 random(7);
  std::vector<CoverCase> cases;
  while (!open.empty()) {
    const int wanted = *open.begin();
    Row best{};
    int most = -1;
    for (int attempt = 0; attempt < 100; ++attempt) {
      Row row;
      for (int f = 0; f < kFactors; ++f) {
        row[static_cast<std::size_t>(f)] =
            static_cast<int>(random() % static_cast<std::uint64_t>(kLevels[static_cast<std::size_t>(f)]));
      }
      row[static_cast<std::size_t>(wanted / 256 / kFactors)] = wanted / 16 % 16;
      row[static_cast<std::size_t>(wanted / 256 % kFactors)] = wanted % 16;
      const int closes = new_pairs(row, open);
      if (closes > most) {
        most = closes, best = row;
      }
    }
    for (int f = 0; f < kFactors; ++f) {
      for (int g = f + 1; g < kFactors; ++g) {
        open.erase(pair_id(f, best[static_cast<std::size_t>(f)], g, best[static_cast<std::size_t>(g)]));
      }
    }
    cases.push_back(case_of(best, cases.size() + 1));
  }
  return cases;
}

std::vector<CoverCase> full_product(Scalar io, emulation::ThreadOrder order) {
  std::vector<CoverCase> cases;
  for (int i = 0; i < 15 * 6 * 5; ++i) {
    const Row row{i % 15,    i / 15 % 6, i / 90,   static_cast<int>(io), static_cast<int>(order), i % 3,
                  i / 3 % 2, i / 2 % 2,  i / 5 % 2};
    cases.push_back(case_of(row, static_cast<std::uint64_t>(i) + 1));
    cases.back().shape.io = io;
    cases.back().order = order;
  }
  return cases;
}

}  // namespace stgmamba::kernels::test
