// SPDX-License-Identifier: MIT
// stg_eval: parity bundles: any model of ours against a twin made elsewhere.
#include "stgmamba/tools/eval_command.hpp"

int main(int argc, char** argv) {
  return stgmamba::tools::eval_main(argc, argv);
}
