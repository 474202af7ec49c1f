// SPDX-License-Identifier: MIT
// How fast this CPU could run the forward scan's instructions if nothing ever waited.
#pragma once

namespace stgmamba::bench {

/// Nanoseconds of one thread for the instructions of 16 state updates, all independent: per 16 updates the AVX-512
/// kernel issues 9 multiplications (fused or not), 1 addition, 1 maximum, 1 table permutation, 1 shift and 1 integer
/// addition. 0 where there is no AVX-512.
double nanoseconds_per_vector_update();

}  // namespace stgmamba::bench
