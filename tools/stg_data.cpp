// SPDX-License-Identifier: MIT
// stg_data: make, import, check, split and show datasets.
#include "stgmamba/tools/data_command.hpp"

int main(int argc, char** argv) {
  return stgmamba::tools::data_main(argc, argv);
}
