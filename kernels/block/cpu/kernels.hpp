// SPDX-License-Identifier: MIT
// The table of one build: see scan/cpu/kernels.hpp.
#pragma once

#include "block/cpu/gated_norm.hpp"
#include "block/cpu/graph_mix.hpp"
#include "block/cpu/low_rank.hpp"

namespace stgmamba::kernels {

template <class V, class Io>
inline constexpr BlockKernels kBlockKernels = {V::kLanes,
                                               sizeof(typename V::Scalar),
                                               gated_norm_forward_range<V, Io>,
                                               gated_norm_backward_range<V, Io>,
                                               graph_mix_forward_range<V, Io>,
                                               graph_mix_backward_range<V, Io>,
                                               low_rank_forward_range<V, Io>,
                                               low_rank_backward_range<V, Io>};

}  // namespace stgmamba::kernels
