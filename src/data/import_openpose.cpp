// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include "stgmamba/media/video.hpp"
#include "stgmamba/util/error.hpp"

#include "data/filming.hpp"
#include "data/folder.hpp"
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

/// The file that goes with the poses of that name; empty when there is none.
fs::path media_of(const fs::path& media, const std::string& name, bool only_one) {
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
    if (entry.is_regular_file() && entry.path().stem() == name) {
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

/// One video of the import: its poses, and the file with its sound and pictures.
struct Piece {
  std::string name;
  fs::path poses, media;
  bool has_sound = false;
  media::VideoInfo video;  // width 0: there is none
};

std::vector<Piece> find_pieces(const fs::path& poses, const fs::path& media) {
  const bool one_file = fs::is_regular_file(poses);
  const std::vector<fs::path> found = one_file ? std::vector<fs::path>{poses} : pose_folders(poses);
  std::vector<Piece> pieces;
  for (const fs::path& path : found) {
    Piece piece;
    piece.name = (one_file ? path.stem() : path.filename()).string();
    piece.poses = path;
    piece.media = media_of(media, piece.name, found.size() == 1);
    piece.has_sound = !piece.media.empty();
    if (piece.has_sound && is_video(piece.media)) {
      piece.video = media::VideoReader(piece.media).info();
      piece.has_sound = piece.video.has_audio;
    }
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

skeleton::Motion read_poses(const Piece& piece, const skeleton::OpenPoseOptions& openpose) {
  return fs::is_directory(piece.poses) ? skeleton::read_openpose_folder(piece.poses, openpose)
                                       : skeleton::read_named_points(piece.poses, openpose);
}

/// Why the piece cannot be filmed; empty when it can.
std::string unfit_to_film(const Piece& piece, const FilmOptions& film) {
  if (piece.video.width <= 0) {
    return "has no video, which --film needs";
  }
  if (std::min(piece.video.width, piece.video.height) < film.min_size) {
    return fmt::format("is {}x{}, smaller than {} pixels (--min-size)", piece.video.width, piece.video.height,
                       film.min_size);
  }
  return "";
}

/// Gives the take its pictures, from frame `first` of the video on.
void film(Take& take, const Piece& piece, const Cut& cut, const FilmOptions& options, std::int64_t first) {
  if (!options.framing.empty()) {
    take.info.framing = framing_of(options.framing, cut, piece.video.width, piece.video.height, options.size);
    take.film = film_of(piece.media, cut, options.size, first);
  }
}

/// Adds the piece as one take, or as two where the end is held out.
void add_takes(Importer& importer, Take take, const Piece& piece, const FilmOptions& options) {
  const Cut cut =
      options.framing.empty() ? Cut() : choose_cut(options.framing, take.motion, piece.video.width, piece.video.height);
  film(take, piece, cut, options, 0);
  const auto tail = std::llround(options.tail_seconds * take.motion.fps);
  const std::int64_t head = take.motion.frames() - tail;
  if (tail <= 0) {
    importer.add(std::move(take));
    return;
  }
  if (head < 1) {
    importer.skip(take.info.id, fmt::format("lasts {:.2f} s, not longer than the tail of {:.2f} s",
                                            take.motion.seconds(), options.tail_seconds));
    return;
  }
  // The sample that both share goes to both, so that neither loses a frame for want of a part of its sound.
  const double sample = static_cast<double>(head) / take.motion.fps * kSampleRate;
  const auto available = std::ssize(take.audio.samples);
  const auto ends = std::min<std::ptrdiff_t>(available, std::llround(std::ceil(sample)));
  const auto begins = std::min<std::ptrdiff_t>(available, std::llround(std::floor(sample)));
  Take end = take;
  film(end, piece, cut, options, head);
  end.info.id += kTail;
  end.info.start = static_cast<double>(head) / take.motion.fps;
  end.motion = skeleton::slice(take.motion, head, tail);
  end.audio.samples.erase(end.audio.samples.begin(), end.audio.samples.begin() + begins);
  take.motion = skeleton::slice(take.motion, 0, head);
  take.audio.samples.resize(static_cast<std::size_t>(ends));
  importer.add(std::move(take));
  importer.add(std::move(end));
}

void import_piece(Importer& importer, const Piece& piece, const std::string& style,
                  const skeleton::OpenPoseOptions& openpose, const ImportOptions& options) {
  skeleton::OpenPoseOptions chosen = openpose;
  if (piece.video.width > 0 && (chosen.width <= 0 || chosen.height <= 0)) {
    chosen.width = piece.video.width;
    chosen.height = piece.video.height;
    chosen.fps = piece.video.rate.value();
  }
  if (chosen.width <= 0 || chosen.height <= 0) {
    throw DataError("{}: OpenPose does not record the size of the picture; give --width and --height, or the video",
                    piece.poses.string());
  }
  if (!piece.has_sound && !options.allow_silent) {
    importer.skip(piece.name, "has no sound; give the video or song, or allow silence with --allow-silent");
    return;
  }
  const bool filmed = !options.film.framing.empty();
  if (const std::string why = filmed ? unfit_to_film(piece, options.film) : ""; !why.empty()) {
    importer.skip(piece.name, why);
    return;
  }
  Take take;
  take.motion = read_poses(piece, chosen);
  if (!importer.seen_enough(piece.name, take.motion)) {
    return;
  }
  if (filmed) {
    const std::int64_t pictures = count_frames(piece.media);
    constexpr std::int64_t kLost =
        3;  // detectors lose a frame or two at the ends; more, and poses lie on other pictures
    if (std::abs(pictures - take.motion.frames()) > kLost) {
      importer.skip(piece.name, fmt::format("has {} pictures and {} poses; detect the poses on this very video",
                                            pictures, take.motion.frames()));
      return;
    }
    if (pictures != take.motion.frames()) {
      importer.report().notes.push_back(
          fmt::format("{}: {} pictures, {} poses; cut to the shorter", piece.name, pictures, take.motion.frames()));
      take.motion = skeleton::slice(take.motion, 0, std::min(pictures, take.motion.frames()));
    }
  }
  take.audio = piece.has_sound ? media::decode_audio(piece.media, kSampleRate) : silence(take.motion.seconds());
  if (piece.has_sound && std::abs(take.audio.seconds() - take.motion.seconds()) > 0.5) {
    importer.report().notes.push_back(fmt::format("{}: sound lasts {:.2f} s, poses {:.2f} s; cut to the shorter",
                                                  piece.name, take.audio.seconds(), take.motion.seconds()));
  }
  take.info.id = take.info.source = as_id(piece.name);
  take.info.style = style;
  add_takes(importer, std::move(take), piece, options.film);
}

}  // namespace

ImportReport import_openpose(const fs::path& poses, const fs::path& media, const std::string& style,
                             const skeleton::OpenPoseOptions& openpose, const ImportOptions& options) {
  require_style(style);
  const std::vector<Piece> pieces = find_pieces(poses, media);
  const bool silent = options.allow_silent &&
                      std::any_of(pieces.begin(), pieces.end(), [](const Piece& piece) { return !piece.has_sound; });
  Importer importer(options, "OpenPose keypoints of " + std::to_string(pieces.size()) + " videos",
                    silent ? kSilentNotice : "");
  for (const Piece& piece : pieces) {
    import_piece(importer, piece, style, openpose, options);
  }
  return importer.finish();
}

}  // namespace stgmamba::data
