// SPDX-License-Identifier: MIT
#include "data/filming.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "stgmamba/media/video.hpp"

namespace stgmamba::data {
namespace {

constexpr double kMargin = 0.12;  // of the square, beyond the outermost joints: hair, hands and shoes

/// How the source lies in the reference frame (skeleton/formats.hpp): reference = source * scale + (left, top).
struct Letterbox {
  Letterbox(int width, int height)
      : scale(std::min(skeleton::kFrameWidth / width, skeleton::kFrameHeight / height)),
        left((skeleton::kFrameWidth - scale * width) / 2),
        top((skeleton::kFrameHeight - scale * height) / 2) {}
  double scale, left, top;
};

/// First of `count` pixels centred at `centre`, moved inside 0 .. size where they fit, centred on the picture else.
int begin_of(double centre, int count, int size) {
  if (count >= size) {
    return (size - count) / 2;
  }
  return std::clamp(static_cast<int>(std::lround(centre - count / 2.0)), 0, size - count);
}

Cut square_crop(const skeleton::Motion& motion, int width, int height) {
  const Letterbox box(width, height);
  double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    for (int v = 0; v < skeleton::kJoints; ++v) {
      if (!motion.missing(f, v)) {
        left = std::min<double>(left, motion.x(f, v));
        right = std::max<double>(right, motion.x(f, v));
        top = std::min<double>(top, motion.y(f, v));
        bottom = std::max<double>(bottom, motion.y(f, v));
      }
    }
  }
  const double extent = std::max(right - left, bottom - top) / box.scale;
  const int side = std::min(static_cast<int>(std::ceil(extent * (1 + 2 * kMargin))), std::max(width, height));
  Cut cut;
  cut.width = cut.height = std::max(2, side);
  cut.left = begin_of(((left + right) / 2 - box.left) / box.scale, cut.width, width);
  cut.top = begin_of(((top + bottom) / 2 - box.top) / box.scale, cut.height, height);
  return cut;
}

}  // namespace

Cut choose_cut(const std::string& framing, const skeleton::Motion& motion, int width, int height) {
  if (framing == "square_crop") {
    return square_crop(motion, width, height);
  }
  if (framing == "stretch") {
    return {0, 0, width, height};
  }
  const int side = std::max(width, height);
  return {(width - side) / 2, (height - side) / 2, side, side};
}

Framing framing_of(const std::string& kind, const Cut& cut, int width, int height, int size) {
  // The cut's pixels in the pose's pixels, before it is resized.
  const Letterbox box(width, height);
  const skeleton::Placement whole = {1 / box.scale, 1 / box.scale, box.left + box.scale * cut.left,
                                     box.top + box.scale * cut.top};
  const skeleton::Placement small = skeleton::resized(whole, cut.width, cut.height, size, size);
  return {size, size, small.scale_x, small.left, small.top, small.scale_y / small.scale_x, kind};
}

media::Image cut_picture(const media::Image& source, const Cut& cut, int size) {
  media::Image canvas(cut.width, cut.height);
  media::paste(canvas, source, -cut.left, -cut.top);
  return media::resize(canvas, size, size);
}

std::int64_t count_frames(const std::filesystem::path& video) {
  media::VideoReader reader(video);
  media::Image image;
  std::int64_t count = 0;
  for (double seconds = 0.0; reader.next(image, seconds);) {
    ++count;
  }
  return count;
}

std::function<bool(media::Image&)> film_of(const std::filesystem::path& video, const Cut& cut, int size,
                                           std::int64_t first) {
  const auto reader = std::make_shared<media::VideoReader>(video);
  return [reader, cut, size, skip = first](media::Image& picture) mutable {
    media::Image source;
    double seconds = 0.0;
    for (; skip >= 0; --skip) {
      if (!reader->next(source, seconds)) {
        return false;
      }
    }
    skip = 0;
    picture = cut_picture(source, cut, size);
    return true;
  };
}

}  // namespace stgmamba::data
