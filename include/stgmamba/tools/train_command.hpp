// SPDX-License-Identifier: MIT
// stg_train: train or fine-tune any task from a configuration.
#pragma once

namespace stgmamba::tools {

int train_main(int argc, char** argv);

}  // namespace stgmamba::tools
