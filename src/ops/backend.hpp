// SPDX-License-Identifier: MIT
// The scan backends of this build. A backend runs all branches of a call, so that kernels see them together; one is
// added by a row of the table in backend.cpp.
#pragma once

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::ops {

/// Runs every branch over u [B, F, V, D].
using ScanCall = std::vector<ScanOutput> (*)(const at::Tensor& u, const std::vector<ScanBranch>& branches);

/// The function behind `backend` for tensors like u with up to `states` states a channel; kAuto is the first row that
/// takes them. Throws ConfigError where this build has no such backend, or the backend does not take them.
ScanCall find_backend(ScanBackend backend, const at::Tensor& u, std::int64_t states);

/// Puts another function behind `reference` and returns the one before: measurements run a peer's scan inside whole
/// models by it.
ScanCall replace_reference(ScanCall call);

}  // namespace stgmamba::ops
