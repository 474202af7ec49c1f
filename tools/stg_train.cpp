// SPDX-License-Identifier: MIT
// stg_train: train or fine-tune any task from a config.
#include "stgmamba/tools/train_command.hpp"

int main(int argc, char** argv) {
  return stgmamba::tools::train_main(argc, argv);
}
