// SPDX-License-Identifier: MIT
// stg_data import: other people's data into dataset folders.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "stgmamba/data/import.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/util/text.hpp"

#include "tools/data_actions.hpp"

namespace stgmamba::tools {
namespace {

class ImportAction : public DataAction {
 public:
  CLI::App* declare(CLI::App& app) override;
  int run(const SharedFlags& flags) override;

 private:
  void declare_common(CLI::App& sub);
  void declare_warp(CLI::App& sub);
  void read_warp();
  void declare_openpose(CLI::App& app);
  void check_film() const;
  std::vector<data::MdvsFile> mdvs_files() const;
  std::string made_by() const;

  CLI::App *mdvs_ = nullptr, *openpose_ = nullptr, *joints3d_ = nullptr;
  std::vector<std::string> files_, songs_;
  std::string poses_, media_, style_, out_, warp_ = "none";
  CLI::Option *first_beat_ = nullptr, *frame_size_ = nullptr, *min_size_ = nullptr;
  std::vector<CLI::Option*> pace_options_;  // of joints3d, for the card
  std::vector<CLI::Option*> warp_options_;  // likewise; they count only with --warp beats
  skeleton::OpenPoseOptions openpose_options_;
  data::Joints3dOptions joints3d_options_;
  data::ImportOptions options_;
  double first_beat_seconds_ = 0.0;
};

void ImportAction::declare_common(CLI::App& sub) {
  sub.fallthrough();
  sub.add_option("--style", style_, "Style of the dances")->check(CLI::IsMember(data::kStyles));
  sub.add_option("--out", out_, "Dataset folder to make")->required();
  sub.add_flag("-f,--force", options_.overwrite, "Replace a dataset that exists");
  sub.add_option("--name", options_.card.name, "Name on the card");
  sub.add_option("--licence", options_.card.licence, "Licence on the card");
  sub.add_option("--origin", options_.card.origin, "Where the data comes from, on the card");
  sub.add_option("--max-missing", options_.max_missing, "Leave out pieces with more missing joints than this share")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  sub.add_flag("--allow-silent", options_.allow_silent, "Keep takes that have no sound, with silence");
}

void ImportAction::declare_openpose(CLI::App& app) {
  openpose_ = app.add_subcommand("openpose", "Folders of OpenPose JSON files and the videos they were made from");
  openpose_
      ->add_option("poses", poses_,
                   "Folder of *_keypoints.json, a folder of such folders, or a JSON list of named COCO points")
      ->required();
  openpose_->add_option("--media", media_, "Video or sound of it, or a folder of files of the same names")->required();
  openpose_->add_option("--fps", openpose_options_.fps, "Frames per second (with --width; else as the video says)")
      ->check(CLI::Range(1.0, 240.0));
  openpose_->add_option("--width", openpose_options_.width, "Width of the video, pixels")->check(CLI::PositiveNumber);
  openpose_->add_option("--height", openpose_options_.height, "Height of the video, pixels")
      ->check(CLI::PositiveNumber);
  openpose_->add_option("--min-score", openpose_options_.min_score, "A joint below counts as missing")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  openpose_
      ->add_option(
          "--film", options_.film.framing,
          "Bring the pictures too, to train video networks on, framed as one of: " + util::join(data::kFramings, ", "))
      ->check(CLI::IsMember(data::kFramings));
  frame_size_ = openpose_->add_option("--frame-size", options_.film.size, "Side of the pictures, pixels, even");
  frame_size_->check(CLI::Range(16, 2048))->capture_default_str();
  min_size_ = openpose_->add_option("--min-size", options_.film.min_size,
                                    "Leave out videos whose smaller side is below, pixels");
  min_size_->check(CLI::NonNegativeNumber)->capture_default_str();
  openpose_
      ->add_option("--test-tail", options_.film.tail_seconds,
                   "Hold out the last seconds of every video as its test (for a single video; not the paper's split)")
      ->check(CLI::NonNegativeNumber);
  declare_common(*openpose_);
}

CLI::App* ImportAction::declare(CLI::App& app) {
  CLI::App* sub = app.add_subcommand("import", "Other people's data into a dataset folder");
  sub->require_subcommand(1);
  mdvs_ = sub->add_subcommand("mdvs", "Files of the MDVS dataset (JSON, singly or doubly encoded)");
  mdvs_->add_option("files", files_, "JSON files, as STYLE=FILE or FILE with --style")->required();
  declare_common(*mdvs_);
  declare_openpose(*sub);
  joints3d_ = sub->add_subcommand("joints3d", "Motion capture: 3-D joints as JSON, projected");
  joints3d_->add_option("files", files_, "JSON files")->required();
  joints3d_->add_option("--song", songs_, "Songs to dance to, given to the performances in turn");
  pace_options_.push_back(
      joints3d_->add_option("--song-start", joints3d_options_.song_start, "Where in the song to begin, s")
          ->check(CLI::NonNegativeNumber));
  pace_options_.push_back(joints3d_->add_option("--speed", joints3d_options_.speed, "Play the motion this much faster")
                              ->check(CLI::Range(0.1, 10.0)));
  declare_warp(*joints3d_);
  declare_common(*joints3d_);
  return sub;
}

void ImportAction::declare_warp(CLI::App& sub) {
  data::WarpOptions& warp = joints3d_options_.warp;
  pace_options_.push_back(
      sub.add_option("--warp", warp_, "beats: move the motion's own beats onto the song's; none: keep its pace")
          ->check(CLI::IsMember({"none", "beats"}))
          ->capture_default_str());
  CLI::Option* bpm = sub.add_option("--bpm", warp.song_bpm, "Beats a minute of the songs (default: estimated)")
                         ->check(CLI::Range(20.0, 400.0));
  first_beat_ = sub.add_option("--first-beat", first_beat_seconds_,
                               "The songs' beats stand at exactly --bpm from here on, s (default: tracked)")
                    ->check(CLI::NonNegativeNumber)
                    ->needs(bpm);
  warp_options_ = {bpm, first_beat_};
  warp_options_.push_back(
      sub.add_option("--every", warp.every, "The motion's beats fall on one in so many beats of the song")
          ->check(CLI::Range(1, 16))
          ->capture_default_str());
  warp_options_.push_back(
      sub.add_option("--motion-bpm", warp.motion_bpm,
                     "Beats a minute near which the motion's own are looked for (default: the song's, over --every)")
          ->check(CLI::Range(20.0, 400.0)));
  warp_options_.push_back(
      sub.add_option("--max-rate", warp.max_rate, "Leave out what would be played more than this much faster or slower")
          ->check(CLI::Range(1.01, 4.0))
          ->capture_default_str());
}

void ImportAction::read_warp() {
  joints3d_options_.warp.on = warp_ == "beats";
  for (const CLI::Option* option : warp_options_) {
    if (option->count() > 0 && !joints3d_options_.warp.on) {
      throw UsageError("{} counts only with --warp beats", option->get_name());
    }
  }
  if (first_beat_->count() > 0) {
    joints3d_options_.warp.first_beat = first_beat_seconds_;
  }
}

void ImportAction::check_film() const {
  for (const CLI::Option* option : {frame_size_, min_size_}) {
    if (option->count() > 0 && options_.film.framing.empty()) {
      throw UsageError("{} counts only with --film", option->get_name());
    }
  }
  if (options_.film.size % 2 != 0) {
    throw UsageError("--frame-size must be even, got {}", options_.film.size);
  }
}

std::vector<data::MdvsFile> ImportAction::mdvs_files() const {
  std::vector<data::MdvsFile> files;
  for (const std::string& text : files_) {
    const std::size_t equals = text.find('=');
    const std::string prefix = text.substr(0, equals == std::string::npos ? 0 : equals);
    const bool named = std::find(data::kStyles.begin(), data::kStyles.end(), prefix) != data::kStyles.end();
    if (!named && style_.empty()) {
      throw UsageError("{}: its style must be given, as kpop={} or with --style", text, text);
    }
    files.push_back({named ? text.substr(equals + 1) : text, named ? prefix : style_});
  }
  return files;
}

/// The command without the folders of this machine.
std::string ImportAction::made_by() const {
  const char* kind = mdvs_->parsed() ? "mdvs" : openpose_->parsed() ? "openpose" : "joints3d";
  std::string text = fmt::format("stg_data import {}", kind);
  for (const std::vector<std::string>* list : {&files_, &songs_}) {
    for (const std::string& file : *list) {
      text += fmt::format("{}{}", list == &songs_ ? " --song " : " ", std::filesystem::path(file).filename().string());
    }
  }
  for (const std::vector<CLI::Option*>* list : {&pace_options_, &warp_options_}) {
    for (const CLI::Option* option : *list) {
      text += option->count() > 0 ? fmt::format(" {} {}", option->get_name(), option->as<std::string>()) : "";
    }
  }
  return text + (style_.empty() ? "" : " --style " + style_);
}

int ImportAction::run(const SharedFlags& flags) {
  util::install_stop_signals();
  options_.out = out_;
  options_.card.made_by = made_by();
  data::ImportReport report;
  if (mdvs_->parsed()) {
    report = data::import_mdvs(mdvs_files(), options_);
  } else if (style_.empty()) {
    throw UsageError("stg_data import: --style is required: ballet, popping or kpop");
  } else if (openpose_->parsed()) {
    check_film();
    report = data::import_openpose(poses_, media_, style_, openpose_options_, options_);
  } else {
    read_warp();
    joints3d_options_.songs.assign(songs_.begin(), songs_.end());
    report = data::import_joints3d({files_.begin(), files_.end()}, style_, joints3d_options_, options_);
  }
  for (const std::string& note : report.notes) {
    util::log().info("{}", note);
  }
  for (const std::string& skipped : report.skipped) {
    util::log().warn("left out: {}", skipped);
  }
  if (flags.json) {
    print_result(nlohmann::json{{"folder", out_},
                                {"takes", report.takes},
                                {"seconds", report.seconds},
                                {"skipped", report.skipped},
                                {"notes", report.notes}});
  } else {
    print_result(
        fmt::format("{}  {} takes, {:.0f} s, {} left out", out_, report.takes, report.seconds, report.skipped.size()));
  }
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace

std::unique_ptr<DataAction> make_import_action() {
  return std::make_unique<ImportAction>();
}

}  // namespace stgmamba::tools
