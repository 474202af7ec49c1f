// SPDX-License-Identifier: MIT
// Sets of dances that somebody or something made: a checkpoint of ours, or a folder of motion files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "stgmamba/eval/test_bed.hpp"
#include "stgmamba/infer/motion_model.hpp"
#include "stgmamba/skeleton/layout.hpp"

namespace stgmamba::eval {

struct GenerateOptions {
  std::uint64_t seed = 1;          // of z
  std::int64_t batch = 16;         // clips a call
  std::int64_t draws = 10;         // of the same music, for PVar_mm
  std::int64_t draw_places = 50;   // stretches of music that are drawn so often
  std::int64_t repetitions = 100;  // of the measurement of time; 0: none. At most 10 s are spent on it
};

/// A clip for each place: z is a function of (seed, place). Shows progress; throws StoppedError when asked to stop.
metrics::DanceSet generate_clips(const TestBed& bed, const infer::MotionModel& model, const GenerateOptions& options);

/// The same, kept in `folder` (clips_<key>.npz) by checkpoint, data and options, so that scoring again generates
/// nothing.
metrics::DanceSet cached_clips(const TestBed& bed, const infer::MotionModel& model, const GenerateOptions& options,
                               const std::filesystem::path& folder);

/// Other people's joints: OpenPose-18, BODY_25, COCO-17, the 24 of SMPL, or the 14 that Dancing2Music draws.
enum class Joints { kOpenPose18, kBody25, kCoco17, kSmpl24, kD2m14 };
Joints joints_from_name(const std::string& name);  // throws UsageError with the nearest name

/// A motion file as OpenPose-18 at 10 frames/s. OpenPose-18 files are whatever infer::read_motion reads; other joints
/// come as npz (`xy` or `positions` [F, V, 2 or 3], `fps`) or JSON ({"fps", "positions": [F][V][2 or 3]}): two numbers
/// are pixels of the 640x360 frame, three are metres with y up, projected. Joints that a layout lacks are derived from
/// its others where it can be said how (neck between the shoulders; eyes and ears at a figure's usual offsets from the
/// head) and missing elsewhere. Throws DataError naming file and place.
skeleton::Motion read_joints(const std::filesystem::path& path, Joints joints);

/// The takes that `folder` has dances for: files <take id>.npz or .json. Throws DataError for a name that is no take,
/// or when there is none.
std::vector<std::string> takes_in(const data::Dataset& dataset, const std::filesystem::path& folder);
/// Their windows; every take of `bed` must have a file.
metrics::DanceSet folder_clips(const TestBed& bed, const std::filesystem::path& folder, Joints joints);

}  // namespace stgmamba::eval
