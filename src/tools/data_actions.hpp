// SPDX-License-Identifier: MIT
// The subcommands of stg_data.
#pragma once

#include <memory>
#include <string>

#include "stgmamba/tools/program.hpp"

namespace stgmamba::tools {

/// One subcommand: declares itself below `app` and runs when it was named.
class DataAction {
 public:
  virtual ~DataAction() = default;
  /// Returns what it added, so that the program knows which one was named.
  virtual CLI::App* declare(CLI::App& app) = 0;
  virtual int run(const SharedFlags& flags) = 0;
};

std::unique_ptr<DataAction> make_synth_action();
std::unique_ptr<DataAction> make_import_action();
std::unique_ptr<DataAction> make_check_action();
std::unique_ptr<DataAction> make_split_action();
std::unique_ptr<DataAction> make_show_action();
std::unique_ptr<DataAction> make_card_action();
std::unique_ptr<DataAction> make_beats_action();

}  // namespace stgmamba::tools
