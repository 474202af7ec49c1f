// SPDX-License-Identifier: MIT
// The data set file of Music-Dance-Video-Synthesis (mdvs-and-metrics A2). Its audio is hundreds of millions of digits,
// so it is parsed event by event; only the finished units (0.33 MB each) are held, to hand them out in sorted order.
#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/error.hpp"

#include "mdvs_text.hpp"

namespace stgmamba::skeleton {
namespace {

constexpr std::size_t kUnitFrames = 100;
constexpr std::size_t kUnitSamples = 160000;
constexpr double kUnitFps = 10.0;
constexpr double kFarthest = 1e6;  // pixels

/// One value of the unit under construction: what has come so far and the first thing that was wrong with it.
class UnitBuilder {
 public:
  void begin(std::string video, std::string start) {
    unit_ = MdvsUnit{std::move(video), std::move(start), {}, Motion(kUnitFrames, kUnitFps)};
    unit_.audio.reserve(kUnitSamples);
    problem_.clear();
    samples_ = frames_ = 0;
    has_audio_ = has_pose_ = false;
  }

  void blame(std::string problem) {
    if (problem_.empty()) {
      problem_ = std::move(problem);
    }
  }

  void open_audio() { has_audio_ = true; }
  void open_pose() { has_pose_ = true; }

  void sample(double value) {
    if (value != std::floor(value) || value < -32768 || value > 32767) {
      blame(fmt::format("audio sample {} is {}, not a 16-bit whole number", samples_, value));
    } else if (samples_ < kUnitSamples) {  // longer audio is cut to the 10 s of the poses
      unit_.audio.push_back(static_cast<std::int16_t>(value));
    }
    ++samples_;
  }

  void open_frame() { joints_ = 0; }
  void open_joint() { numbers_ = 0; }

  void coordinate(double value) {
    if (numbers_ < 2) {
      point_[numbers_] = static_cast<float>(value);
    }
    ++numbers_;
  }

  void close_joint() {
    if (numbers_ != 2) {
      blame(fmt::format("frame {} joint {} has {} numbers", frames_, joints_, numbers_));
    } else if (frames_ < kUnitFrames && joints_ < kJoints) {
      // (0, 0) is how OpenPose marks a joint that it did not find.
      if (point_[0] != 0.0F || point_[1] != 0.0F) {
        const std::size_t at = frames_ * kJoints + joints_;
        unit_.motion.xy[at * 2] = point_[0];
        unit_.motion.xy[at * 2 + 1] = point_[1];
        unit_.motion.score[at] = 1.0F;
      }
    }
    ++joints_;
  }

  void close_frame() {
    if (joints_ != kJoints) {
      blame(fmt::format("frame {} has {} joints", frames_, joints_));
    }
    ++frames_;
  }

  std::size_t frame() const { return frames_; }
  std::size_t joint() const { return joints_; }
  std::size_t samples() const { return samples_; }

  /// What keeps the finished unit from use; "" when it is whole.
  std::string problem() const {
    if (!problem_.empty()) {
      return problem_;
    }
    if (!has_audio_ || !has_pose_) {
      return fmt::format("no {}", has_audio_ ? "joint_coors" : "audio_sequence");
    }
    if (frames_ != kUnitFrames) {
      return fmt::format("{} frames, not {}", frames_, kUnitFrames);
    }
    return samples_ >= kUnitSamples ? "" : fmt::format("{} audio samples, not {}", samples_, kUnitSamples);
  }

  MdvsUnit take() { return std::move(unit_); }

 private:
  MdvsUnit unit_;
  std::string problem_;
  std::size_t samples_ = 0, frames_ = 0, joints_ = 0, numbers_ = 0;
  bool has_audio_ = false, has_pose_ = false;
  float point_[2] = {0, 0};
};

/// Parser events to units. Levels: 1 videos, 2 starts, 3 the unit's fields, 4 to 6 the lists of a field.
class Handler : public nlohmann::json_sax<io::Json> {
 public:
  explicit Handler(std::string name) : name_(std::move(name)) {}

  std::vector<MdvsUnit> units;
  std::set<std::string> videos;
  std::vector<std::pair<std::string, std::string>> skipped;  // "007/075" and why

  bool null() override { return scalar("null"); }
  bool boolean(bool) override { return scalar("a truth value"); }
  bool string(string_t&) override { return scalar("a text"); }
  bool binary(binary_t&) override { return scalar("binary data"); }
  bool number_integer(number_integer_t value) override { return number(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(static_cast<double>(value)); }
  bool number_float(number_float_t value, const string_t&) override { return number(value); }

  bool start_object(std::size_t) override {
    if (skip_ > 0) {
      ++skip_;
    } else if (level_ >= 3) {
      unexpected("an object");
      skip_ = 1;
    } else {
      if (level_ == 2) {
        builder_.begin(video_, start_);
      }
      ++level_;
    }
    return true;
  }

  bool key(string_t& value) override {
    if (skip_ > 0) {
      return true;
    }
    if (level_ == 1) {
      video_ = value;
      start_.clear();
      videos.insert(video_);
    } else if (level_ == 2) {
      start_ = value;
    } else {
      field_ = value == "audio_sequence" ? Field::kAudio : value == "joint_coors" ? Field::kPose : Field::kOther;
    }
    return true;
  }

  bool end_object() override {
    if (skip_ > 0) {
      --skip_;
    } else if (--level_ == 2) {
      finish_unit();
    }
    return true;
  }

  bool start_array(std::size_t) override {
    if (skip_ > 0) {
      ++skip_;
    } else if (level_ < 2) {
      structure("a list");
    } else if (level_ == 2) {
      skipped.emplace_back(place(), "a list, not an object");
      skip_ = 1;
    } else if (!open_list()) {
      unexpected("a list");
      skip_ = 1;
    }
    return true;
  }

  bool end_array() override {
    if (skip_ > 0) {
      --skip_;
    } else if (--level_; field_ == Field::kPose && level_ == 5) {
      builder_.close_joint();
    } else if (field_ == Field::kPose && level_ == 4) {
      builder_.close_frame();
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    std::string_view what = error.what();
    if (const auto colon = what.find(": "); colon != std::string_view::npos) {
      what.remove_prefix(colon + 2);  // nlohmann repeats the position, counted in lines, before the first colon
    }
    throw DataError("{}: not JSON at character {}{}: {:.200}", name_, position,
                    video_.empty() ? "" : fmt::format(" (in {})", place()), what);
  }

 private:
  enum class Field { kOther, kAudio, kPose };

  std::string place() const { return video_ + "/" + start_; }

  [[noreturn]] void structure(const char* got) const {
    throw DataError("{}: must be an object of videos, each an object of units, got {}{}", name_, got,
                    level_ == 0 ? "" : fmt::format(" under '{}'", video_));
  }

  /// Enters a list where the field has one: samples, or frames of joints of numbers.
  bool open_list() {
    if (field_ == Field::kOther || level_ >= (field_ == Field::kAudio ? 4 : 6)) {
      return false;
    }
    if (field_ == Field::kAudio) {
      builder_.open_audio();
    } else if (level_ == 3) {
      builder_.open_pose();
    } else if (level_ == 4) {
      builder_.open_frame();
    } else {
      builder_.open_joint();
    }
    ++level_;
    return true;
  }

  /// Something of the wrong kind inside a unit.
  void unexpected(const char* got) {
    if (field_ == Field::kOther) {
      return;
    }
    if (level_ == 3) {
      builder_.blame(fmt::format("{} is {}", field_ == Field::kAudio ? "audio_sequence" : "joint_coors", got));
    } else if (field_ == Field::kAudio) {
      builder_.blame(fmt::format("audio sample {} is {}", builder_.samples(), got));
    } else {
      builder_.blame(level_ == 4 ? fmt::format("frame {} is {}", builder_.frame(), got)
                     : level_ == 5
                         ? fmt::format("frame {} joint {} is {}", builder_.frame(), builder_.joint(), got)
                         : fmt::format("frame {} joint {} holds {}", builder_.frame(), builder_.joint(), got));
    }
  }

  bool scalar(const char* kind) {
    if (skip_ > 0) {
      return true;
    }
    if (level_ < 2) {
      structure(kind);
    }
    if (level_ == 2) {
      skipped.emplace_back(place(), fmt::format("{}, not an object", kind));
    } else {
      unexpected(kind);
    }
    return true;
  }

  bool number(double value) {
    if (skip_ > 0) {
      return true;
    }
    if (field_ == Field::kAudio && level_ == 4) {
      builder_.sample(value);
    } else if (field_ == Field::kPose && level_ == 6 && std::abs(value) < kFarthest) {
      builder_.coordinate(value);
    } else {
      scalar(field_ == Field::kPose && level_ == 6 ? "a number that is no pixel" : "a number");
    }
    return true;
  }

  void finish_unit() {
    std::string problem = builder_.problem();
    if (problem.empty() && !seen_.insert(place()).second) {
      problem = "given twice";
    }
    if (problem.empty()) {
      units.push_back(builder_.take());
    } else {
      skipped.emplace_back(place(), std::move(problem));
    }
  }

  std::string name_, video_, start_;
  int level_ = 0;
  Field field_ = Field::kOther;
  int skip_ = 0;  // depth inside something that is passed over
  UnitBuilder builder_;
  std::set<std::string> seen_;
};

}  // namespace

MdvsReport read_mdvs(const std::filesystem::path& path, const std::function<void(MdvsUnit&&)>& take) {
  Handler handler(path.string());
  {
    MdvsText text(path);
    io::Json::sax_parse(MdvsTextIterator(text), MdvsTextIterator(), &handler);
  }
  std::sort(handler.units.begin(), handler.units.end(), [](const MdvsUnit& a, const MdvsUnit& b) {
    return std::tie(a.video, a.start) < std::tie(b.video, b.start);
  });
  std::stable_sort(handler.skipped.begin(), handler.skipped.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  MdvsReport report;
  report.units = static_cast<std::int64_t>(handler.units.size());
  report.videos = static_cast<std::int64_t>(handler.videos.size());
  for (const auto& [unit, why] : handler.skipped) {
    report.skipped.push_back(unit + ": " + why);
  }
  for (MdvsUnit& unit : handler.units) {
    take(std::move(unit));
  }
  return report;
}

}  // namespace stgmamba::skeleton
