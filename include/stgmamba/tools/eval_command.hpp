// SPDX-License-Identifier: MIT
// stg_eval: tables of scores, causal tests, scaling, and parity bundles for twins made elsewhere.
#pragma once

namespace stgmamba::tools {

int eval_main(int argc, char** argv);

}  // namespace stgmamba::tools
