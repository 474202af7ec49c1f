// SPDX-License-Identifier: MIT
// Readers and writers of motion files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::skeleton {

/// Our own container: npz with `xy` [F, 18, 2] f32 pixels (NaN = missing), `score` [F, 18] f32, `fps` f64 scalar.
Motion read_motion_npz(const std::filesystem::path& path);
void write_motion_npz(const std::filesystem::path& path, const Motion& motion);

struct OpenPoseOptions {
  double fps = 30.0;             // OpenPose does not record it
  double width = 0, height = 0;  // pixels of the source video (0 = 640x360); mapped into 640x360 keeping the aspect
  double min_score = 0.05;       // below: missing
};
/// A folder of `*_keypoints.json`, one a frame, in the order of the numbers in the names; layout (BODY_25, COCO-18)
/// taken from the array length. With several people the one nearest to the previous frame is followed, beginning with
/// the largest; a frame without people is missing. Throws DataError naming file and place: no files, no JSON, ragged
/// lists, nobody in any frame, coordinates that are normalised or do not fit the given size.
Motion read_openpose_folder(const std::filesystem::path& folder, const OpenPoseOptions& options);
/// 18 joints, 0,0,0 = missing. Replaces a folder that exists; see is_pose_folder().
void write_openpose_folder(const std::filesystem::path& folder, const Motion& motion);
/// Whether an existing folder holds OpenPose JSON files and nothing else, so that it may be replaced.
bool is_pose_folder(const std::filesystem::path& folder);

/// A JSON list with one object a frame, {"left_shoulder": {"x", "y", "score"?}, ...}: the 17 COCO names, pixels.
Motion read_named_points(const std::filesystem::path& path, const OpenPoseOptions& options);

/// COCO-17 or BODY_25 coordinates of one frame to OpenPose-18: neck = mean of the shoulders when both are seen.
/// `in` is [joints(from), 3] (x, y, score), result [18, 3] with NaN and 0 where missing.
std::vector<float> to_openpose18(const std::vector<float>& in, Layout from);

/// `joints3d` JSON: {"fps", "unit": "m", "up": "y", "joints": "openpose18", "positions": [F][18][3], "source"}. A joint
/// given as null is missing (NaN). Throws DataError naming the frame and joint of anything else.
struct Joints3dFile {
  Motion3 motion;
  std::string source;
};
Joints3dFile read_joints3d(const std::filesystem::path& path);

/// One 10 s unit of an MDVS JSON file (mdvs-and-metrics A2).
struct MdvsUnit {
  std::string video, start;         // keys, "000" and "025"
  std::vector<std::int16_t> audio;  // 160000 samples at 16 kHz
  Motion motion;                    // 100 frames at 10 fps
};
struct MdvsReport {
  std::int64_t units = 0, videos = 0;
  std::vector<std::string> skipped;  // "007/075: frame 31 has 17 joints"
};
/// Hands out the units of a (doubly or singly encoded) MDVS JSON in sorted key order; ragged units are skipped and
/// named. (0, 0) joints are missing, audio beyond 160000 samples is cut. The text is parsed as it is read, never held;
/// the finished units are (0.33 MB each) until they are taken. Throws DataError for a file that is no JSON or is cut
/// off, naming the byte and the unit.
MdvsReport read_mdvs(const std::filesystem::path& path, const std::function<void(MdvsUnit&&)>& take);

}  // namespace stgmamba::skeleton
