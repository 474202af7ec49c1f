// SPDX-License-Identifier: MIT
// OpenPose's folder of one JSON file a frame (CMU openpose doc/02_output.md).
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/text.hpp"

#include "place_pose.hpp"

namespace stgmamba::skeleton {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kSuffix = "_keypoints.json";

/// "dance_000000000012_keypoints.json" in parts: "dance_" and "12".
struct FrameFile {
  fs::path path;
  std::string video, number;
};

FrameFile frame_file(const fs::path& path) {
  std::string stem = path.filename().string();
  stem.resize(stem.size() - kSuffix.size());
  const std::size_t last = stem.find_last_not_of("0123456789");
  const std::size_t digits = last == std::string::npos ? 0 : last + 1;
  const std::size_t value = std::min(stem.find_first_not_of('0', digits), stem.size());
  return {path, stem.substr(0, digits), stem.substr(value)};
}

/// Frames in the order of their numbers, so that names without leading zeros are in order as well.
std::vector<FrameFile> frame_files(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw DataError("{}: must be a folder of OpenPose files (*_keypoints.json), got {}", folder.string(),
                    fs::exists(folder, error) ? "a file" : "nothing there");
  }
  std::vector<FrameFile> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with(kSuffix)) {
      files.push_back(frame_file(entry.path()));
    }
  }
  if (files.empty()) {
    throw DataError("{}: must hold OpenPose files (*_keypoints.json), one a frame, got none", folder.string());
  }
  std::sort(files.begin(), files.end(), [](const FrameFile& a, const FrameFile& b) {
    const std::string a_name = a.path.filename().string();
    const std::string b_name = b.path.filename().string();
    const std::size_t a_length = a.number.size();
    const std::size_t b_length = b.number.size();
    return std::tie(a.video, a_length, a.number, a_name) < std::tie(b.video, b_length, b.number, b_name);
  });
  if (files.front().video != files.back().video) {
    throw DataError("{}: must hold the frames of one video, got {} and {}", folder.string(),
                    files.front().path.filename().string(), files.back().path.filename().string());
  }
  return files;
}

/// Where each file's frame lies, the first at 0: by the files' numbers, so that a lost file leaves a gap and shifts
/// nothing. A video of which every n-th frame was taken has no gaps.
std::vector<std::int64_t> places_of(const std::vector<FrameFile>& files) {
  std::vector<std::int64_t> places;
  std::int64_t stride = 0;
  for (const FrameFile& file : files) {
    long long number = 0;
    if (!file.number.empty() && !util::parse_integer(file.number, number)) {
      throw DataError("{}: must be numbered by its frame", file.path.string());
    }
    places.push_back(number - (places.empty() ? 0 : places.front()));
    if (places.size() > 1) {
      stride = std::gcd(stride, places.back());
      if (places.back() == (places.size() > 2 ? places[places.size() - 2] : 0)) {
        throw DataError("{}: has the number of another file of its folder", file.path.string());
      }
    }
  }
  places.front() = 0;
  for (std::int64_t& place : places) {
    place /= std::max<std::int64_t>(stride, 1);
  }
  return places;
}

/// The numbers of one person as [18, 3] in source pixels; empty when no body was estimated.
std::vector<float> read_person(const std::string& where, const io::Json& person) {
  const auto found = person.is_object() ? person.find("pose_keypoints_2d") : person.end();
  if (!person.is_object() || found == person.end() || !found->is_array()) {
    throw DataError("{}: must be an object with a list pose_keypoints_2d", where);
  }
  const io::Json& list = *found;
  if (list.empty()) {
    return {};
  }
  if (list.size() != 75 && list.size() != 54) {
    throw DataError("{}.pose_keypoints_2d: must hold 75 numbers (BODY_25) or 54 (COCO-18), got {}", where, list.size());
  }
  std::vector<float> numbers(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const double value = list[i].is_number() ? list[i].get<double>() : std::numeric_limits<double>::infinity();
    if (!(std::abs(value) < 1e6)) {
      throw DataError("{}.pose_keypoints_2d[{}]: must be a finite number of pixels, got {:.40}", where, i,
                      list[i].dump());
    }
    numbers[i] = static_cast<float>(value);
  }
  for (std::size_t joint = 0; joint < numbers.size(); joint += 3) {
    if (numbers[joint] == 0.0F && numbers[joint + 1] == 0.0F) {
      numbers[joint + 2] = 0.0F;  // OpenPose's mark for "not found"
    }
  }
  return to_openpose18(numbers, list.size() == 75 ? Layout::kBody25 : Layout::kOpenPose18);
}

std::vector<std::vector<float>> read_people(const fs::path& path) {
  const io::Json document = load_json(path);
  const auto found = document.is_object() ? document.find("people") : document.end();
  if (!document.is_object() || found == document.end() || !found->is_array()) {
    throw DataError("{}: must be an object with a list 'people'", path.string());
  }
  std::vector<std::vector<float>> people;
  for (std::size_t i = 0; i < found->size(); ++i) {
    people.push_back(read_person(fmt::format("{}: people[{}]", path.string(), i), (*found)[i]));
  }
  return people;
}

/// Follows one person through frames whose order of people means nothing.
class Tracker {
 public:
  explicit Tracker(double min_score) : min_score_(static_cast<float>(min_score)) {}

  /// The person to follow in this frame, or nullptr when nobody has a joint that counts.
  const std::vector<float>* choose(const std::vector<std::vector<float>>& people) {
    const std::vector<float>* best = nullptr;
    double best_cost = std::numeric_limits<double>::infinity();
    for (const auto& person : people) {
      const double cost = last_.empty() ? -size(person) : distance(person);
      if (seen_joints(person) > 0 && (best == nullptr || cost < best_cost)) {
        best = &person;
        best_cost = cost;
      }
    }
    if (best != nullptr) {
      remember(*best);
    }
    return best;
  }

 private:
  bool seen(const std::vector<float>& pose, std::size_t joint) const {
    return pose[joint * 3 + 2] > 0.0F && pose[joint * 3 + 2] >= min_score_;
  }

  int seen_joints(const std::vector<float>& pose) const {
    int count = 0;
    for (std::size_t joint = 0; joint * 3 < pose.size(); ++joint) {
      count += seen(pose, joint) ? 1 : 0;
    }
    return count;
  }

  /// Diagonal of the box around the seen joints, pixels.
  double size(const std::vector<float>& pose) const {
    float low[2] = {1e9F, 1e9F};
    float high[2] = {-1e9F, -1e9F};
    for (std::size_t joint = 0; joint * 3 < pose.size(); ++joint) {
      for (std::size_t axis = 0; axis < 2 && seen(pose, joint); ++axis) {
        low[axis] = std::min(low[axis], pose[joint * 3 + axis]);
        high[axis] = std::max(high[axis], pose[joint * 3 + axis]);
      }
    }
    return high[0] < low[0] ? 0.0 : std::hypot(high[0] - low[0], high[1] - low[1]);
  }

  /// Mean distance to the followed person over the joints seen in both, pixels.
  double distance(const std::vector<float>& pose) const {
    double sum = 0;
    int count = 0;
    for (std::size_t joint = 0; joint * 3 < pose.size(); ++joint) {
      if (seen(pose, joint) && last_[joint * 3 + 2] > 0.0F) {
        sum += std::hypot(pose[joint * 3] - last_[joint * 3], pose[joint * 3 + 1] - last_[joint * 3 + 1]);
        ++count;
      }
    }
    return count == 0 ? 1e9 : sum / count;
  }

  /// Each joint where it was seen last, so that a person half hidden stays the same person.
  void remember(const std::vector<float>& pose) {
    last_.resize(kJoints * 3, 0.0F);
    for (std::size_t joint = 0; joint < kJoints; ++joint) {
      if (seen(pose, joint)) {
        std::copy_n(pose.begin() + static_cast<std::ptrdiff_t>(joint * 3), 3,
                    last_.begin() + static_cast<std::ptrdiff_t>(joint * 3));
      }
    }
  }

  float min_score_;
  std::vector<float> last_;  // [18, 3]
};

}  // namespace

Motion read_openpose_folder(const fs::path& folder, const OpenPoseOptions& options) {
  check_options(options);
  const std::vector<FrameFile> files = frame_files(folder);
  const std::vector<std::int64_t> places = places_of(files);
  Motion motion(places.back() + 1, options.fps);
  if (motion.frames() != std::ssize(files)) {
    util::log().warn("{}: {} of {} frames have no file; their poses are missing", folder.string(),
                     motion.frames() - std::ssize(files), motion.frames());
  }
  Tracker tracker(options.min_score);
  bool anybody = false;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto people = read_people(files[i].path);
    if (const std::vector<float>* person = tracker.choose(people)) {
      place_pose(motion, places[i], *person, options);
      anybody = true;
    }
  }
  if (!anybody) {
    throw DataError("{}: must show a person in at least one frame, got none in {} frames", folder.string(),
                    files.size());
  }
  check_extent(folder.string(), motion, options);
  return motion;
}

void write_openpose_folder(const fs::path& folder, const Motion& motion) {
  util::PendingFolder pending(folder);
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    std::string numbers;
    for (int joint = 0; joint < kJoints; ++joint) {
      const float score = motion.score[static_cast<std::size_t>(frame * kJoints + joint)];
      const bool seen = !motion.missing(frame, joint);
      numbers += fmt::format("{}{},{},{}", joint == 0 ? "" : ",", seen ? motion.x(frame, joint) : 0.0F,
                             seen ? motion.y(frame, joint) : 0.0F, seen ? score : 0.0F);
    }
    util::write_text(
        pending.path() / fmt::format("frame_{:012}{}", frame, kSuffix),
        fmt::format("{{\"version\":1.3,\"people\":[{{\"person_id\":[-1],\"pose_keypoints_2d\":[{}]}}]}}\n", numbers));
  }
  pending.replace();
}

bool is_pose_folder(const fs::path& folder) {
  return std::all_of(fs::directory_iterator(folder), fs::directory_iterator(), [](const fs::directory_entry& entry) {
    return entry.path().filename().string().ends_with(kSuffix);
  });
}

}  // namespace stgmamba::skeleton
