// SPDX-License-Identifier: MIT
#include "stgmamba/tools/data_command.hpp"

#include <memory>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "stgmamba/util/check.hpp"

#include "tools/data_actions.hpp"

namespace stgmamba::tools {
namespace {

class DataCommand : public Command {
 public:
  std::string name() const override { return "stg_data"; }
  std::string summary() const override {
    return "Makes, imports, checks, splits and shows datasets of music and dance; finds the beats of a song.";
  }
  std::string examples() const override {
    return "stg_data synth --preset tiny --out data/synth-tiny\n"
           "  stg_data import mdvs ballet=ballet.json kpop=kpop.json --out data/mdvs\n"
           "  stg_data import openpose poses/ --media videos/ --style kpop --out data/mine\n"
           "  stg_data check data/mine\n"
           "  stg_data show data/mine -o sheet.png\n"
           "  stg_data beats song.mp3";
  }
  void declare(CLI::App& app) override {
    app.require_subcommand(1);
    for (auto make : {make_synth_action, make_import_action, make_check_action, make_split_action, make_show_action,
                      make_card_action, make_beats_action}) {
      std::unique_ptr<DataAction> action = make();
      CLI::App* sub = action->declare(app);
      sub->fallthrough();  // shared flags may follow the subcommand
      actions_.emplace_back(sub, std::move(action));
    }
  }
  bool uses_gpu() const override { return false; }
  int run(const SharedFlags& flags) override {
    for (const auto& [sub, action] : actions_) {
      if (sub->parsed()) {
        return action->run(flags);
      }
    }
    throw BugError("[stg_data] no subcommand ran");
  }

 private:
  std::vector<std::pair<CLI::App*, std::unique_ptr<DataAction>>> actions_;
};

}  // namespace

int data_main(int argc, char** argv) {
  DataCommand command;
  return run_program(argc, argv, command);
}

}  // namespace stgmamba::tools
