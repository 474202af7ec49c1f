// SPDX-License-Identifier: MIT
// stg_generate: a song in, a dance video out.
#include "stgmamba/tools/generate_command.hpp"

int main(int argc, char** argv) {
  return stgmamba::tools::generate_main(argc, argv);
}
