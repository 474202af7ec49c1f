// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include "stgmamba/media/video.hpp"
#include "stgmamba/util/error.hpp"

#include "data/importer.hpp"

namespace stgmamba::data {

namespace fs = std::filesystem;

namespace {

bool has_keypoints(const fs::path& folder) {
  return std::any_of(fs::directory_iterator(folder), fs::directory_iterator(), [](const fs::directory_entry& entry) {
    return entry.path().filename().string().ends_with("_keypoints.json");
  });
}

std::vector<fs::path> pose_folders(const fs::path& poses) {
  if (!fs::is_directory(poses)) {
    throw DataError("{}: must be a folder of *_keypoints.json, or of such folders", poses.string());
  }
  if (has_keypoints(poses)) {
    return {poses.has_filename() ? poses : poses.parent_path()};
  }
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(poses)) {
    if (entry.is_directory() && has_keypoints(entry.path())) {
      folders.push_back(entry.path());
    }
  }
  if (folders.empty()) {
    throw DataError("{}: holds no *_keypoints.json, nor folders of them; OpenPose writes them with --write_json",
                    poses.string());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

/// The file that goes with a pose folder; empty when there is none.
fs::path media_of(const fs::path& media, const fs::path& folder, bool only_one) {
  if (media.empty()) {
    return {};
  }
  if (!fs::is_directory(media)) {
    if (!fs::exists(media)) {
      throw DataError("{}: no such video or sound file", media.string());
    }
    if (!only_one) {
      throw DataError("{}: several videos' poses need a folder of media files with the same names, got one file",
                      media.string());
    }
    return media;
  }
  std::set<fs::path> found;  // the first by name, so that the choice does not depend on the file system
  for (const auto& entry : fs::directory_iterator(media)) {
    if (entry.is_regular_file() && entry.path().stem() == folder.filename()) {
      found.insert(entry.path());
    }
  }
  return found.empty() ? fs::path() : *found.begin();
}

bool is_video(const fs::path& path) {
  static const std::set<std::string> kEndings = {".mp4", ".mkv", ".mov",  ".avi", ".webm", ".m4v",
                                                 ".mpg", ".ts",  ".mpeg", ".wmv", ".flv",  ".mts"};
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return kEndings.count(ending) > 0;
}

}  // namespace

ImportReport import_openpose(const fs::path& poses, const fs::path& media, const std::string& style,
                             const skeleton::OpenPoseOptions& openpose, const ImportOptions& options) {
  require_style(style);
  const std::vector<fs::path> folders = pose_folders(poses);
  std::vector<fs::path> sounds;
  bool silent = false;
  for (const fs::path& folder : folders) {
    sounds.push_back(media_of(media, folder, folders.size() == 1));
    bool has_sound = !sounds.back().empty();
    if (has_sound && is_video(sounds.back())) {
      has_sound = media::VideoReader(sounds.back()).info().has_audio;
    }
    silent = silent || (!has_sound && options.allow_silent);
  }
  Importer importer(options, "OpenPose keypoints of " + std::to_string(folders.size()) + " videos",
                    silent ? kSilentNotice : "");
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const std::string name = folders[i].filename().string();
    skeleton::OpenPoseOptions chosen = openpose;
    bool has_sound = !sounds[i].empty();
    if (has_sound && is_video(sounds[i])) {
      const media::VideoInfo info = media::VideoReader(sounds[i]).info();
      has_sound = info.has_audio;
      if (chosen.width <= 0 || chosen.height <= 0) {
        chosen.width = info.width;
        chosen.height = info.height;
        chosen.fps = info.rate.value();
      }
    }
    if (chosen.width <= 0 || chosen.height <= 0) {
      throw DataError("{}: OpenPose does not record the size of the picture; give --width and --height, or the video",
                      folders[i].string());
    }
    if (!has_sound && !options.allow_silent) {
      importer.skip(name, "has no sound; give the video or song, or allow silence with --allow-silent");
      continue;
    }
    Take take;
    take.motion = skeleton::read_openpose_folder(folders[i], chosen);
    if (!importer.seen_enough(name, take.motion)) {
      continue;
    }
    take.audio = has_sound ? media::decode_audio(sounds[i], kSampleRate) : silence(take.motion.seconds());
    if (has_sound && std::abs(take.audio.seconds() - take.motion.seconds()) > 0.5) {
      importer.report().notes.push_back(fmt::format("{}: sound lasts {:.2f} s, poses {:.2f} s; cut to the shorter",
                                                    name, take.audio.seconds(), take.motion.seconds()));
    }
    take.info.id = take.info.source = as_id(name);
    take.info.style = style;
    importer.add(std::move(take));
  }
  return importer.finish();
}

}  // namespace stgmamba::data
