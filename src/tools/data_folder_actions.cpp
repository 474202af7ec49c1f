// SPDX-License-Identifier: MIT
// stg_data check, split, show, card: what works on a dataset folder that exists.
#include <filesystem>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "stgmamba/data/card.hpp"
#include "stgmamba/data/check.hpp"
#include "stgmamba/data/show.hpp"
#include "stgmamba/data/split.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"

#include "tools/data_actions.hpp"

namespace stgmamba::tools {
namespace {

constexpr int kDone = static_cast<int>(ExitCode::kDone);

class CheckAction : public DataAction {
 public:
  CLI::App* declare(CLI::App& app) override {
    CLI::App* sub = app.add_subcommand("check", "Everything that is wrong with a dataset (exit code 10: something is)");
    sub->add_option("folder", folder_, "Dataset folder")->required();
    sub->add_flag("--fast", fast_, "Leave out what needs every byte: hashes, decoding sound and poses");
    sub->add_flag("--strict", strict_, "Warnings count as findings too");
    sub->add_option("--max-missing", options_.max_missing, "Share of missing joints allowed in a take")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    sub->add_option("--max-frozen", options_.max_frozen_seconds, "Seconds that a pose may stand entirely still")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    return sub;
  }
  int run(const SharedFlags& flags) override {
    options_.hashes = options_.content = !fast_;
    int errors = 0, warnings = 0;
    std::string text;
    nlohmann::json list = nlohmann::json::array();
    for (const data::Finding& finding : data::check_dataset(folder_, options_)) {
      const bool error = finding.severity == data::Severity::kError;
      ++(error ? errors : warnings);
      const char* severity = error ? "error" : "warning";
      text += fmt::format("{}: {}: {}; {}\n", severity, finding.where, finding.what, finding.remedy);
      list.push_back(
          {{"severity", severity}, {"where", finding.where}, {"what", finding.what}, {"remedy", finding.remedy}});
    }
    if (flags.json) {
      print_result(nlohmann::json{{"errors", errors}, {"warnings", warnings}, {"findings", list}});
    } else {
      print_result(text + fmt::format("{}: {} errors, {} warnings", folder_, errors, warnings));
    }
    return errors > 0 || (strict_ && warnings > 0) ? static_cast<int>(ExitCode::kGate) : kDone;
  }

 private:
  std::string folder_;
  data::CheckOptions options_;
  bool fast_ = false, strict_ = false;
};

class SplitAction : public DataAction {
 public:
  CLI::App* declare(CLI::App& app) override {
    CLI::App* sub = app.add_subcommand("split", "Divide the videos anew into training, validation and test");
    sub->add_option("folder", folder_, "Dataset folder")->required();
    sub->add_option("--test-share", options_.test_share, "Last share of each style's videos for the test")
        ->check(CLI::Range(0.0, 0.99))
        ->capture_default_str();
    sub->add_option("--val-share", options_.val_share, "Share of the rest for validation")
        ->check(CLI::Range(0.0, 0.99))
        ->capture_default_str();
    sub->add_flag("!--ignore-songs", options_.by_song, "Takes of one song may be in different parts");
    return sub;
  }
  int run(const SharedFlags& flags) override {
    const data::SplitLists lists = data::split_dataset(folder_, options_);
    nlohmann::json counts = nlohmann::json::object();
    std::string text;
    for (const char* part : {"train", "val", "test"}) {
      const auto found = lists.find(part);
      const std::size_t takes = found == lists.end() ? 0 : found->second.size();
      counts[part] = takes;
      text += fmt::format("{:<6} {} takes\n", part, takes);
    }
    flags.json ? print_result(counts) : print_result(text);
    return kDone;
  }

 private:
  std::string folder_;
  data::SplitOptions options_;
};

class ShowAction : public DataAction {
 public:
  CLI::App* declare(CLI::App& app) override {
    CLI::App* sub = app.add_subcommand(
        "show", "Look at a take: a contact sheet (.png, .jpg) or a video (.mp4), its skeleton over its film if filmed");
    sub->add_option("folder", folder_, "Dataset folder")->required();
    sub->add_option("take", take_, "Id of the take (default: the first)");
    sub->add_option("-o,--output", output_, "What to write; the name decides")->required();
    sub->add_option("--start", options_.start, "Where in the take to begin, s")->check(CLI::NonNegativeNumber);
    sub->add_option("--seconds", options_.seconds, "How much of it")->check(CLI::PositiveNumber);
    sub->add_option("--pictures", options_.pictures, "Poses on the sheet")
        ->check(CLI::Range(1, 400))
        ->capture_default_str();
    sub->add_option("--width", options_.width, "Width of a picture or of the video, pixels")
        ->check(CLI::Range(64, 3840))
        ->capture_default_str();
    sub->add_flag("-f,--force", force_, "Replace a file that exists");
    return sub;
  }
  int run(const SharedFlags& flags) override {
    const std::string kind = std::filesystem::path(output_).extension().string();
    if (kind != ".mp4" && kind != ".png" && kind != ".jpg") {
      throw UsageError("{}: must be a .png, .jpg or .mp4", output_);
    }
    if (std::filesystem::exists(output_) && !force_) {
      throw UsageError("{}: exists; add --force to replace it", output_);
    }
    const data::Dataset dataset = data::Dataset::open(folder_);
    if (const std::filesystem::path parent = std::filesystem::path(output_).parent_path(); !parent.empty()) {
      util::make_folders(parent);
    }
    if (dataset.takes().empty()) {
      throw DataError("{}: holds no takes", folder_);
    }
    const data::TakeInfo info = take_.empty() ? dataset.takes().front() : data::find_take(dataset, take_);
    kind == ".mp4" ? data::write_take_video(dataset, info, output_, options_)
                   : data::write_contact_sheet(dataset, info, output_, options_);
    const nlohmann::json result = {
        {"file", output_}, {"take", info.id}, {"style", info.style}, {"seconds", info.seconds}};
    flags.json ? print_result(result)
               : print_result(fmt::format("{}  {} ({}, {:.1f} s)", output_, info.id, info.style, info.seconds));
    return kDone;
  }

 private:
  std::string folder_, take_, output_;
  data::ShowOptions options_;
  bool force_ = false;
};

nlohmann::json film_json(const data::FilmCard& card) {
  const data::PaperFilms paper;
  return {{"films", card.films},
          {"without_film", card.without},
          {"videos", card.videos},
          {"people", card.people},
          {"films_naming_nobody", card.nobody},
          {"seconds", card.seconds},
          {"splits", card.splits},
          {"styles", card.styles},
          {"sizes", card.sizes},
          {"framings", card.framings},
          {"frame_rates", card.frame_rates},
          {"paper",
           {{"section", "4.2"},
            {"sequences", paper.sequences},
            {"train", paper.train},
            {"test", paper.test},
            {"size", paper.size},
            {"indoor_share", paper.indoor}}}};
}

nlohmann::json clip_json(const std::vector<data::CardRow>& card) {
  nlohmann::json rows = nlohmann::json::array();
  for (const data::CardRow& row : card) {
    rows.push_back({{"style", row.style},
                    {"videos", row.videos},
                    {"takes", row.takes},
                    {"clips", row.clips},
                    {"seconds", row.seconds},
                    {"test_video_share", row.test_video_share},
                    {"paper_videos", row.paper_videos},
                    {"paper_clips", row.paper_clips}});
  }
  return rows;
}

class CardAction : public DataAction {
 public:
  CLI::App* declare(CLI::App& app) override {
    CLI::App* sub = app.add_subcommand("card", "Counts and shares of a dataset beside the paper's");
    sub->add_option("folder", folder_, "Dataset folder")->required();
    return sub;
  }
  int run(const SharedFlags& flags) override {
    const data::Dataset dataset = data::Dataset::open(folder_);
    if (!flags.json) {
      print_result(data::card_text(dataset));
      return kDone;
    }
    const data::FilmCard films = data::film_card(dataset);
    print_result(films.films > 0 ? film_json(films) : clip_json(data::card_rows(dataset)));
    return kDone;
  }

 private:
  std::string folder_;
};

}  // namespace

std::unique_ptr<DataAction> make_check_action() {
  return std::make_unique<CheckAction>();
}
std::unique_ptr<DataAction> make_split_action() {
  return std::make_unique<SplitAction>();
}
std::unique_ptr<DataAction> make_show_action() {
  return std::make_unique<ShowAction>();
}
std::unique_ptr<DataAction> make_card_action() {
  return std::make_unique<CardAction>();
}

}  // namespace stgmamba::tools
