// SPDX-License-Identifier: MIT
#include "stgmamba/tools/generate_command.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "stgmamba/config/section.hpp"
#include "stgmamba/infer/long_song.hpp"
#include "stgmamba/infer/retrieval.hpp"
#include "stgmamba/infer/skeleton_video.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/tools/demo_dancer.hpp"
#include "stgmamba/tools/program.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/stop.hpp"

#include "tools/generate_video.hpp"

namespace stgmamba::tools {
namespace {

namespace fs = std::filesystem;

constexpr double kMostSeconds = 86400.0;

class GenerateCommand : public Command {
 public:
  std::string name() const override { return "stg_generate"; }
  std::string summary() const override {
    return "A song (and a photo) in, a dance video out: a skeleton, or the photo's person.";
  }
  std::string examples() const override {
    return "stg_generate --music song.mp3 -o dance.mp4\n"
           "  stg_generate --music song.mp3 --motion runs/kpop --seed 7 --variants 3 -o dance.mp4\n"
           "  stg_generate --music song.mp3 --image person.jpg --image-pose person.json -o dance.mp4\n"
           "  stg_generate --music song.mp3 --image a.jpg --image b.jpg --video runs/puppets -o dance.mp4\n"
           "  stg_generate --music song.mp3 --save-skeleton dance.npz\n"
           "  stg_generate --from-skeleton dance.npz --music song.mp3 -o dance.mp4\n"
           "  stg_generate --music song.mp3 --motion demo -o dance.mp4      the built-in dancer, no model needed\n"
           "  stg_generate --music song.mp3 --motion retrieval --data data/synth-small -o dance.mp4";
  }
  void declare(CLI::App& app) override;
  int run(const SharedFlags& flags) override;

 private:
  void check_arguments() const;
  infer::Dance dance(const SharedFlags& flags, const media::Audio& audio);
  infer::Dance dance_from_file() const;
  infer::Dance dance_from_memory(const media::Audio& audio, std::uint64_t seed);
  fs::path model_path() const;
  std::string numbered(const std::string& path, std::size_t variant, std::size_t photo = 0) const;
  std::vector<fs::path> videos(std::size_t variant) const;
  std::vector<std::string> targets() const;
  void report(const SharedFlags& flags, const infer::Dance& dance, const std::vector<std::string>& files,
              double seconds, std::int64_t frames) const;

  std::string music_, output_, motion_, data_, from_skeleton_, save_skeleton_, fps_ = "30", runs_dir_ = "runs";
  std::string checkpoint_ = "auto", long_ = "windows", made_by_;
  double seconds_ = -1.0, start_ = 0.0, scale_ = 1.0, skeleton_fps_ = 10.0;
  std::int64_t variants_ = 1;
  bool force_ = false;
  GenerateVideo video_;
};

void GenerateCommand::declare(CLI::App& app) {
  app.add_option("-m,--music", music_, "Song: any file FFmpeg can decode");
  app.add_option("-o,--output", output_, "Video to write: .mp4, .gif (silent) or .png (a contact sheet)");
  app.add_option("--motion", motion_,
                 "Run or checkpoint folder, 'demo', or 'retrieval' (default: newest finished run)");
  app.add_option("--data", data_, "Dataset whose training dances --motion retrieval warps onto the song's beats");
  app.add_option("--checkpoint", checkpoint_, "Which of the run: auto (best, else last), best, last or a step")
      ->capture_default_str();
  app.add_option("--runs-dir", runs_dir_, "Where runs live")->capture_default_str();
  CLI::Option* from =
      app.add_option("--from-skeleton", from_skeleton_, "Draw this motion: .npz, .json, OpenPose folder");
  from->excludes("--motion");
  app.add_option("--skeleton-fps", skeleton_fps_, "Rate of an OpenPose folder, which records none")
      ->check(CLI::Range(1.0, 240.0))
      ->capture_default_str();
  app.add_option("--save-skeleton", save_skeleton_,
                 "Write the motion: .npz, .json, or a folder of OpenPose JSON files");
  app.add_option("--start", start_, "Where in the song to begin, s")->check(CLI::Range(0.0, kMostSeconds));
  app.add_option("--seconds", seconds_, "How much of it (default: to its end)")->check(CLI::Range(0.01, kMostSeconds));
  app.add_option("--fps", fps_, "Frames per second of the video, like 30 or 30000/1001")->capture_default_str();
  app.add_option("--scale", scale_, "Size of the video over 640x360")
      ->check(CLI::Range(0.1, 6.0))
      ->capture_default_str();
  app.add_option("--variants", variants_, "Dances drawn at once, written as NAME-1.mp4, NAME-2.mp4 ...")
      ->check(CLI::Range(1, 64))
      ->excludes(from);
  app.add_option("--long", long_, "windows (5 s each, blended) or whole_song (one pass)")
      ->check(CLI::IsMember({"windows", "whole_song"}))
      ->capture_default_str();
  video_.declare(app);
  app.add_flag("-f,--force", force_, "Replace files that exist");
}

/// NAME.mp4, NAME-VARIANT.mp4, NAME-PHOTO.mp4 or NAME-VARIANT-PHOTO.mp4, by what there are several of; photos count
/// from 1, 0 is none of them.
std::string GenerateCommand::numbered(const std::string& path, std::size_t variant, std::size_t photo) const {
  const fs::path whole(path);
  std::string number = variants_ > 1 ? fmt::format("-{}", variant + 1) : "";
  if (photo > 0) {
    number += fmt::format("-{}", photo);
  }
  return number.empty()
             ? path
             : (whole.parent_path() / (whole.stem().string() + number + whole.extension().string())).string();
}

/// One video a photo; with several photos, one more, first, of all of them side by side.
std::vector<fs::path> GenerateCommand::videos(std::size_t variant) const {
  std::vector<fs::path> paths;
  if (!output_.empty()) {
    paths.emplace_back(numbered(output_, variant));
    for (std::size_t photo = 1; photo <= video_.copies() && video_.copies() > 1; ++photo) {
      paths.emplace_back(numbered(output_, variant, photo));
    }
  }
  return paths;
}

/// Every file that will be written.
std::vector<std::string> GenerateCommand::targets() const {
  std::vector<std::string> paths;
  for (std::size_t n = 0; n < static_cast<std::size_t>(variants_); ++n) {
    for (const fs::path& video : videos(n)) {
      paths.push_back(video.string());
    }
    if (!save_skeleton_.empty()) {
      paths.push_back(numbered(save_skeleton_, n));
    }
  }
  return paths;
}

void GenerateCommand::check_arguments() const {
  if (music_.empty() && from_skeleton_.empty()) {
    throw UsageError("stg_generate: --music is required (or --from-skeleton to draw a motion file)");
  }
  if (output_.empty() && save_skeleton_.empty()) {
    throw UsageError("stg_generate: nothing to write; give -o VIDEO.mp4 or --save-skeleton FILE");
  }
  if ((motion_ == "retrieval") == data_.empty()) {
    throw UsageError("stg_generate: --motion retrieval and --data DATASET belong together");
  }
  if (output_.empty() && video_.wanted()) {
    throw UsageError("stg_generate: --image, --video and --overlay draw a video: give -o VIDEO.mp4");
  }
  const GenerateCommand plain;
  if (video_.has_photo() && scale_ != plain.scale_) {
    throw UsageError(
        "stg_generate: --scale is for skeletons and puppets; a photo's video has the photo's size (--height)");
  }
  const bool model = from_skeleton_.empty() && motion_ != "demo" && motion_ != "retrieval";
  if (!model && (checkpoint_ != plain.checkpoint_ || long_ != plain.long_)) {
    throw UsageError("stg_generate: --checkpoint and --long are for a model's dance, not for {}",
                     from_skeleton_.empty() ? "--motion " + motion_ : "--from-skeleton");
  }
  if (from_skeleton_.empty() && skeleton_fps_ != plain.skeleton_fps_) {
    throw UsageError("stg_generate: --skeleton-fps goes with --from-skeleton");
  }
  const std::string kind = fs::path(output_).extension().string();
  if (!output_.empty() && kind != ".mp4" && kind != ".gif" && kind != ".png") {
    throw UsageError("{}: the video must be an .mp4, a .gif or a .png", output_);
  }
  const std::string motion_kind = fs::path(save_skeleton_).extension().string();
  if (!motion_kind.empty() && motion_kind != ".npz" && motion_kind != ".json") {
    throw UsageError("{}: --save-skeleton must be an .npz, a .json or a folder (no suffix)", save_skeleton_);
  }
  infer::parse_rate(fps_);
  video_.check();
  std::vector<std::string> inputs = video_.inputs();
  inputs.insert(inputs.end(), {music_, from_skeleton_});
  for (const std::string& path : targets()) {
    std::error_code none;
    for (const std::string& input : inputs) {
      if (!input.empty() && fs::equivalent(path, input, none)) {
        throw UsageError("{}: is what this command reads; write to another name", path);
      }
    }
    if (fs::exists(path) && !force_) {
      throw UsageError("{}: exists; add --force to replace it", path);
    }
    const bool motion = fs::path(path).extension() == fs::path(save_skeleton_).extension();
    if (fs::is_directory(path) && !(motion && skeleton::is_pose_folder(path))) {
      throw UsageError("{}: is a folder with other things in it; write to another name", path);
    }
    const fs::path parent = fs::path(path).parent_path();
    if (!parent.empty()) {
      util::make_folders(parent);
    }
  }
}

fs::path GenerateCommand::model_path() const {
  if (!motion_.empty()) {
    return motion_;
  }
  fs::path newest = infer::newest_finished_run(runs_dir_);
  if (!newest.empty()) {
    return newest;
  }
  // A folder that was named and holds no run is a mistake, not a wish for another dancer.
  fs::path shipped = runs_dir_ == GenerateCommand().runs_dir_ ? config::find_shared("dancer") : fs::path();
  if (shipped.empty()) {
    throw UsageError("{}: no finished run; train one with 'stg_train --config tiny_kpop.yaml', or give --motion",
                     runs_dir_);
  }
  util::log().info("{}: no finished run; the dancer that ships dances (share/dancer/README.md)", runs_dir_);
  return shipped;
}

infer::Dance GenerateCommand::dance(const SharedFlags& flags, const media::Audio& audio) {
  infer::LongSongOptions options;
  options.seed = flags.seed.value_or(1);
  options.variants = variants_;
  options.whole_song = long_ == "whole_song";
  if (motion_ == "demo") {
    made_by_ = "the built-in dancer (no model)";
    util::log().info("the built-in dancer follows its own beat tracking; it is no trained model");
    return demo_dance(audio, options.seed, variants_);
  }
  if (motion_ == "retrieval") {
    return dance_from_memory(audio, options.seed);
  }
  const auto model = infer::MotionModel::load(model_path(), resolve_device(flags.device), checkpoint_);
  made_by_ = model.checkpoint.string();
  util::log().info("{} from {}", model.generator.name, made_by_);
  return infer::generate_motion(model, audio, options);
}

/// Training dances, warped: no model either.
infer::Dance GenerateCommand::dance_from_memory(const media::Audio& audio, std::uint64_t seed) {
  made_by_ = "retrieval from " + data_ + " (no model)";
  if (audio.samples.empty()) {
    throw DataError("no music came in: nothing to dance to");
  }
  data::Dataset dataset = data::Dataset::open(data_);
  dataset.choose_beats("auto");  // imported dances bring none
  const auto library = infer::MotionLibrary::from_dataset(dataset);
  util::log().info("{} pieces of eight beats in {}", library.pieces(), data_);
  const infer::BeatMusic music = infer::beat_music(audio, heard_beats(audio));
  infer::Dance result;
  for (std::int64_t draw = 0; draw < variants_; ++draw) {
    result.variants.push_back(library.dance(music, audio.seconds(), seed, draw));
  }
  infer::measure_spread(result);
  return result;
}

infer::Dance GenerateCommand::dance_from_file() const {
  infer::Dance dance;
  const skeleton::Motion motion = infer::read_motion(from_skeleton_, skeleton_fps_);
  const auto first = static_cast<std::int64_t>(std::llround(start_ * motion.fps));
  if (first >= motion.frames()) {
    throw DataError("{}: --start {} is beyond its {:.1f} s", from_skeleton_, start_, motion.seconds());
  }
  const std::int64_t wanted =
      seconds_ > 0.0 ? static_cast<std::int64_t>(std::ceil(seconds_ * motion.fps)) : motion.frames();
  dance.variants.push_back(
      skeleton::slice(motion, first, std::clamp<std::int64_t>(wanted, 1, motion.frames() - first)));
  return dance;
}

int GenerateCommand::run(const SharedFlags& flags) {
  check_arguments();
  util::install_stop_signals();
  if (!output_.empty()) {
    video_.prepare(resolve_device(flags.device));
  }
  const media::TimeRange range{start_, seconds_};
  infer::Dance result;
  double seconds = 0.0;
  if (!from_skeleton_.empty()) {
    made_by_ = from_skeleton_;
    result = dance_from_file();
    seconds = result.variants.front().seconds();
  } else {
    const media::Audio audio = media::decode_audio(music_, 16000, range);
    seconds = audio.seconds();
    result = dance(flags, audio);
  }
  std::vector<std::string> files;
  std::int64_t frames = 0;
  infer::SkeletonVideoOptions video;
  video.rate = infer::parse_rate(fps_);
  video.seconds = seconds;
  video.scale = scale_;
  video.sound = music_;
  video.sound_range = {start_, seconds};
  video.title = fs::path(music_).stem().string();
  for (std::size_t n = 0; n < result.variants.size(); ++n) {
    if (!save_skeleton_.empty()) {
      files.push_back(numbered(save_skeleton_, n));
      infer::write_motion(files.back(), result.variants[n]);
    }
    std::vector<fs::path> paths = videos(n);
    for (const fs::path& path : paths) {
      files.push_back(path.string());
    }
    if (!paths.empty()) {
      const fs::path together = paths.size() > 1 ? paths.front() : fs::path();
      paths.erase(paths.begin(), paths.begin() + (paths.size() > 1 ? 1 : 0));
      video.comment = from_skeleton_.empty()
                          ? fmt::format("motion: {}; seed {}; ", made_by_, flags.seed.value_or(1))
                          : fmt::format("motion: {}; ", made_by_);  // a file's seed is not known here
      frames = video_.write(paths, together, result.variants[n], video);
    }
  }
  report(flags, result, files, seconds, frames);
  return static_cast<int>(ExitCode::kDone);
}

void GenerateCommand::report(const SharedFlags& flags, const infer::Dance& dance, const std::vector<std::string>& files,
                             double seconds, std::int64_t frames) const {
  if (variants_ > 1 && dance.closest < infer::kCoincide) {
    util::log().warn("two of the {} variants coincide ({:.2f} px apart): the model hardly uses its noise", variants_,
                     dance.closest);
  }
  if (flags.json) {
    print_result(nlohmann::json{{"files", files},
                                {"motion", made_by_},
                                {"video", output_.empty() ? "" : video_.made_by()},
                                {"seconds", seconds},
                                {"frames", frames},
                                {"seam_ratio", dance.seam_ratio},
                                {"variants", variants_},
                                {"spread_px", dance.spread},
                                {"closest_px", dance.closest}});
    return;
  }
  for (const std::string& file : files) {
    print_result(file);
  }
  std::string text = fmt::format("{:.1f} s", seconds);
  if (frames > 0) {
    text += fmt::format(", {} frames at {} fps", frames, fps_);
  }
  if (dance.seam_ratio > 0.0) {
    text += fmt::format(", speed at the seams {:.2f} of the median", dance.seam_ratio);
  }
  if (variants_ > 1) {
    text += fmt::format(", variants {:.1f} px apart (nearest two {:.1f})", dance.spread, dance.closest);
  }
  print_result(text);
}

}  // namespace

int generate_main(int argc, char** argv) {
  GenerateCommand command;
  return run_program(argc, argv, command);
}

}  // namespace stgmamba::tools
