// SPDX-License-Identifier: MIT
#include "stgmamba/infer/skeleton_video.hpp"

#include <algorithm>
#include <cmath>

#include "stgmamba/skeleton/draw.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/text.hpp"

#include "infer/frames_out.hpp"

namespace stgmamba::infer {

std::int64_t write_skeleton_video(const std::filesystem::path& path, const skeleton::Motion& motion,
                                  const SkeletonVideoOptions& options) {
  STG_CHECK(motion.frames() > 0 && options.seconds > 0.0, "[write_skeleton_video] {} frames, {} s", motion.frames(),
            options.seconds);
  const std::int64_t frames = std::max<std::int64_t>(1, std::llround(options.seconds * options.rate.value()));
  const skeleton::Motion drawn = at_rate(motion, options.rate.value(), frames);
  skeleton::DrawStyle style;
  style.scale = options.scale * (path.extension() == ".png" ? 0.5 : 1.0);  // a sheet is drawn small, not shrunk
  write_frames({{path, options.comment}}, frames, options, 1.0, [&](std::int64_t frame, auto /*later*/) {
    media::Image canvas(even(skeleton::kFrameWidth * style.scale), even(skeleton::kFrameHeight * style.scale),
                        style.background);
    skeleton::draw_skeleton(canvas, drawn, frame, style);
    return std::vector<media::Image>{std::move(canvas)};
  });
  return frames;
}

media::Rate parse_rate(const std::string& text) {
  const std::size_t slash = text.find('/');
  long long num = 0, den = 1;
  double value = 0.0;
  media::Rate rate;
  if (slash != std::string::npos) {
    const bool whole =
        util::parse_integer(text.substr(0, slash), num) && util::parse_integer(text.substr(slash + 1), den);
    rate = whole && num > 0 && den > 0 && num < 1'000'000 && den < 1'000'000
               ? media::Rate{static_cast<int>(num), static_cast<int>(den)}
               : media::Rate{0, 1};
  } else if (util::parse_number(text, value) && value > 0.0 && value < 1000.0) {
    // 29.97 and its kin mean n * 1000 / 1001; below 10 a whole number is as near as that.
    const double ntsc = std::round(value) * 1000.0 / 1001.0;
    rate = value > 9 && std::abs(value - ntsc) < 0.005
               ? media::Rate{static_cast<int>(std::lround(value)) * 1000, 1001}
               : media::Rate{static_cast<int>(std::lround(value * 1000.0)), 1000};
    rate = rate.den == 1000 && rate.num % 1000 == 0 ? media::Rate{rate.num / 1000, 1} : rate;
  } else {
    rate = {0, 1};
  }
  if (rate.num <= 0 || rate.value() < 1.0 || rate.value() > 240.0) {
    throw UsageError("--fps must be a rate from 1 to 240 like 30, 29.97 or 30000/1001, got '{}'", text);
  }
  return rate;
}

}  // namespace stgmamba::infer
