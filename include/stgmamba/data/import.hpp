// SPDX-License-Identifier: MIT
// Other people's data into dataset folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "stgmamba/data/dataset.hpp"
#include "stgmamba/data/split.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/skeleton/project.hpp"

namespace stgmamba::data {

/// Whether and how the videos themselves come along, to train skeleton-to-video networks on.
struct FilmOptions {
  std::string framing;        // one of kFramings; empty: poses and sound alone
  int size = 256;             // side of the pictures [paper]
  int min_size = 256;         // smaller side of the source below which it is left out, pixels [paper]
  double tail_seconds = 0.0;  // > 0: the end of every video is its own take, for validation and test. One source is
                              // then on both sides, which the paper does not allow: for a single video
};

struct ImportOptions {
  std::filesystem::path out;
  bool overwrite = false;
  DatasetWriter::Card card;   // empty parts are filled in by the importer
  double max_missing = 0.2;   // share of missing joint-frames above which a piece is left out
  bool allow_silent = false;  // takes without sound get silence, and the card says so; false: they are left out
  SplitOptions split;
  FilmOptions film;
};

struct ImportReport {
  std::int64_t takes = 0;
  double seconds = 0.0;
  std::vector<std::string> skipped;  // "where: why"
  std::vector<std::string> notes;    // decisions the user should know
};

/// An MDVS JSON file (singly or doubly encoded) and the style of everything in it.
struct MdvsFile {
  std::filesystem::path path;
  std::string style;
};
/// Units of 10 s that follow each other in a video become one take; the source is "<style>_<video>".
ImportReport import_mdvs(const std::vector<MdvsFile>& files, const ImportOptions& options);

/// `poses`: a folder of `*_keypoints.json`, a folder of such folders (one a video), or a JSON list of named COCO points
/// (skeleton/formats.hpp). `media`: the video or sound file
/// (of one folder), or a folder that holds one file per pose folder with the same stem. When `openpose.width` is 0 the
/// size and the rate come from the video.
ImportReport import_openpose(const std::filesystem::path& poses, const std::filesystem::path& media,
                             const std::string& style, const skeleton::OpenPoseOptions& openpose,
                             const ImportOptions& options);

/// Motion laid onto the beats of a song, linearly between one beat and the next.
struct WarpOptions {
  bool on = false;                   // false: the motion keeps its own pace
  int every = 2;                     // the motion's beats fall on every n-th beat of the song
  double song_bpm = 0.0;             // beats a minute of the songs; 0: the tracker's estimate
  std::optional<double> first_beat;  // s; the songs' beats stand at `song_bpm` from here on. Else they are tracked
  double motion_bpm = 0.0;           // near which the motion's own beats are looked for; 0: at the pace of the song
  double max_rate = 1.35;            // what would be played more than so much faster or slower is left out
};

struct Joints3dOptions {
  std::vector<std::filesystem::path> songs;  // source i dances to song i mod n; empty: silent, if allowed
  double song_start = 0.0;                   // s
  double speed = 1.0;                        // motion is played this much faster (170 / 165 fits salsa to 170 bpm)
  WarpOptions warp;                          // after `speed`
  skeleton::ProjectOptions project;
};
/// `joints3d` files, projected. Files named <subject>_<take>, such as 60_01 and 61_01, are partners of one performance:
/// the source is the take number. A warped take comes in pieces where a part of it is left out: <take>_p1, <take>_p2.
/// Their beats in the index are those of the song that they were laid on.
ImportReport import_joints3d(const std::vector<std::filesystem::path>& files, const std::string& style,
                             const Joints3dOptions& joints3d, const ImportOptions& options);

}  // namespace stgmamba::data
