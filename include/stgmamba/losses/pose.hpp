// SPDX-License-Identifier: MIT
// Reconstruction losses of the music-to-skeleton generator. All work in MDVS-normalised coordinates, count only joints
// that were seen (score > 0), and return one value a sample, so that the caller may pick among draws.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/config/section.hpp"

namespace stgmamba::losses {

/// Mean |prediction - target| over the seen joints of each sample, both coordinates: [N].
/// `prediction` [N, F, V, 2], `target` [N, F, V, 2], `score` [N, F, V]. A sample without a seen joint yields 0.
at::Tensor l1_per_sample(const at::Tensor& prediction, const at::Tensor& target, const at::Tensor& score);

/// The same over frame-to-frame differences, counting joints seen in both frames: [N]. Not in the paper.
at::Tensor velocity_per_sample(const at::Tensor& prediction, const at::Tensor& target, const at::Tensor& score);

/// How much each joint moves in all, whenever it does: |mean speed predicted - mean speed of the target| over joints,
/// speeds as |dx| + |dy| a frame over the frames in which a joint was seen twice: [N]. A dance that hedges moves too
/// little and pays for it here even where the music does not say when to move. Not in the paper.
at::Tensor energy_per_sample(const at::Tensor& prediction, const at::Tensor& target, const at::Tensor& score);

/// Mean over samples of min over draws + `mean_weight` * the mean over draws, from `values` [K, B]. The minimum lets
/// each draw of z own a plausible dance, where the plain mean has the median pose as its optimum; the small mean term
/// keeps draws that never win in place. K = 1 is the plain mean. Not in the paper.
at::Tensor best_of_k(const at::Tensor& values, double mean_weight);

struct EnergyScore {
  at::Tensor total;     // scalar, differentiable
  at::Tensor distance;  // scalar, detached: mean over samples and draws of d(S_k, P)
  at::Tensor spread;    // scalar, detached: mean over samples and pairs of d(S_k, S_l); as large as `distance` where
                        // draws vary as the real dances do, smaller where they vary too little
};
/// The energy score of K draws of z (Gneiting and Raftery 2007), mean over samples,
///
///   1/K sum_k d(S_k, P) - 1/(2 K (K - 1)) sum_{k != l} d(S_k, S_l),    d: root mean square over the seen coordinates
///
/// of `prediction` [K * B, F, V, 2] (draw-major, K >= 2). A proper score: its expectation is smallest when the draws
/// are distributed as the real dances to that music, neither narrower (a median pose) nor wider. Unlike best_of_k it
/// pushes draws apart however near they lie, unlike mode seeking it has an optimum. Not in the paper.
EnergyScore energy_score(const at::Tensor& prediction, const at::Tensor& target, const at::Tensor& score);

struct BestOfKConfig {
  std::int64_t k = 1;        // draws a sample that share one pass over the music; 1 = off
  double mean_weight = 0.1;  // weight of the mean over draws, when k > 1
};

/// Part of config section `loss`.
struct PoseLossConfig {
  double l1 = 1.0;            // lambda_l1; the scale matters only against other terms
  double velocity = 0.0;      // weight of the velocity term; 0 = off
  double energy = 0.0;        // weight of the energy term, over all draws; 0 = off
  double energy_score = 0.0;  // weight of the energy score of the draws of best_of_k; 0 = off
  BestOfKConfig best_of_k;
};
void read(config::Section section, PoseLossConfig& config);

/// One weighted part of a sum, differentiable.
using Term = std::pair<std::string, at::Tensor>;

/// The weighted sum and its parts (parts unweighted and detached).
struct PoseLoss {
  at::Tensor total;         // scalar, differentiable
  at::Tensor l1;            // scalar, mean over samples and draws
  at::Tensor best;          // scalar, mean over samples of the smallest over draws
  at::Tensor energy;        // scalar, mean over samples and draws; undefined when the term is off
  at::Tensor velocity;      // scalar, mean over samples and draws; undefined when the term is off
  EnergyScore draws;        // detached; undefined when the term is off
  at::Tensor winner;        // [B], the draw of each sample that lies nearest
  std::vector<Term> terms;  // what `total` sums
};

/// `prediction` [K * B, F, V, 2], draw-major; `target` [B, F, V, 2]; `score` [B, F, V].
PoseLoss pose_loss(const PoseLossConfig& config, const at::Tensor& prediction, const at::Tensor& target,
                   const at::Tensor& score);

/// The winning draw of every sample: [B, ...] of `values` [K * B, ...] (draw-major) and `winner` [B].
at::Tensor winning_draws(const at::Tensor& values, const at::Tensor& winner);

}  // namespace stgmamba::losses
