// SPDX-License-Identifier: MIT
// stg_eval: tables of scores, causal tests, scaling, and parity bundles for twins made elsewhere.
#include "stgmamba/tools/eval_command.hpp"

int main(int argc, char** argv) {
  return stgmamba::tools::eval_main(argc, argv);
}
