// SPDX-License-Identifier: MIT
// stg_eval: parity bundles: any model of ours against a twin made elsewhere.
#pragma once

namespace stgmamba::tools {

int eval_main(int argc, char** argv);

}  // namespace stgmamba::tools
