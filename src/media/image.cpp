// SPDX-License-Identifier: MIT
#include "stgmamba/media/image.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <opencv2/core.hpp>
#include <opencv2/core/version.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "stgmamba/media/video.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"

namespace stgmamba::media {
namespace {

/// OpenCV's view of our pixels; drawing through it draws into the image. Channels stay RGB.
cv::Mat view(Image& image) {
  return {image.height, image.width, CV_8UC3, image.pixels.data()};
}
cv::Mat view(const Image& image) {
  return {image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data())};
}

cv::Scalar scalar(Rgb color) {
  return {static_cast<double>(color.r), static_cast<double>(color.g), static_cast<double>(color.b)};
}

constexpr int kShift = 4;             // sixteenths of a pixel for anti-aliased drawing
constexpr double kFontHeight = 22.0;  // pixels of OpenCV's font at scale 1

int text_width(const std::string& text, double height) {
  int baseline = 0;
  return cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, height / kFontHeight, 1, &baseline).width;
}
cv::Point fixed(Point p) {
  return {static_cast<int>(std::lround(p.x * (1 << kShift))), static_cast<int>(std::lround(p.y * (1 << kShift)))};
}

Image from_mat(const cv::Mat& rgb) {
  Image image(rgb.cols, rgb.rows);
  rgb.copyTo(view(image));
  return image;
}

/// Whether a JPEG lacks its end marker: decoders fill what is missing with grey and say so on stderr alone. Segments
/// are walked one by one, for thumbnails inside and films behind a photo hold markers of their own.
bool cut_off_jpeg(std::string_view bytes) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  constexpr unsigned char kMark = 0xFF, kImage = 0xD8, kEnd = 0xD9, kScan = 0xDA;
  if (bytes.size() < 3 || byte(0) != kMark || byte(1) != kImage || byte(2) != kMark) {
    return false;
  }
  bool scanning = false;  // between a scan's header and the next marker; its own FF bytes are escaped by 00
  for (std::size_t at = 2; at + 1 < bytes.size();) {
    const unsigned char kind = byte(at + 1);
    const bool inside = kind == 0x00 || (kind >= 0xD0 && kind <= 0xD7);  // escaped, or a restart
    if (byte(at) != kMark || kind == kMark || (scanning && inside)) {
      ++at;
    } else if (kind == kEnd) {
      return false;
    } else if (at + 3 < bytes.size()) {
      scanning = kind == kScan;
      at += 2 + (std::size_t{byte(at + 2)} << 8U) + byte(at + 3);
    } else {
      break;
    }
  }
  return true;
}

}  // namespace

Image::Image(int width_, int height_, Rgb fill) : width(width_), height(height_) {
  pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (std::size_t i = 0; i < pixels.size(); i += 3) {
    pixels[i] = fill.r;
    pixels[i + 1] = fill.g;
    pixels[i + 2] = fill.b;
  }
}

Image load_image(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) {
    throw DataError("{}: no such picture", path.string());
  }
  cv::Mat bgr;
  const std::string bytes = util::read_text(path);
  if (cut_off_jpeg(bytes)) {
    throw DataError("{}: the picture ends early, {} bytes are there; bring the whole file", path.string(),
                    bytes.size());
  }
  try {
    bgr = cv::imdecode(cv::Mat(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<char*>(bytes.data())),
                       cv::IMREAD_COLOR);
  } catch (const cv::Exception& error) {
    throw DataError("{}: not a picture that can be read: {}", path.string(), error.err);
  }
  if (bgr.empty()) {
    throw DataError("{}: not a picture that can be read", path.string());
  }
  cv::Mat rgb;
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  return from_mat(rgb);
}

void save_image(const std::filesystem::path& path, const Image& image, int jpeg_quality) {
  cv::Mat bgr;
  cv::cvtColor(view(image), bgr, cv::COLOR_RGB2BGR);
  std::vector<unsigned char> bytes;
  const std::string extension = path.extension().string();
  if (extension != ".png" && extension != ".jpg" && extension != ".jpeg") {
    throw UsageError("{}: a picture must end in .png or .jpg", path.string());
  }
  cv::imencode(extension, bgr, bytes, {cv::IMWRITE_JPEG_QUALITY, jpeg_quality});
  util::write_file(path, std::as_bytes(std::span<const unsigned char>(bytes)));
}

Image resize(const Image& image, int width, int height) {
  cv::Mat out;
  const bool shrinks = width < image.width || height < image.height;
  cv::resize(view(image), out, {width, height}, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
  return from_mat(out);
}

void paste(Image& canvas, const Image& part, int left, int top) {
  const cv::Rect place = cv::Rect(left, top, part.width, part.height) & cv::Rect(0, 0, canvas.width, canvas.height);
  if (!place.empty()) {
    view(part)(place - cv::Point(left, top)).copyTo(view(canvas)(place));
  }
}

void fill_circle(Image& image, Point centre, double radius, Rgb color) {
  cv::Mat mat = view(image);
  cv::circle(mat, fixed(centre), static_cast<int>(std::lround(radius * (1 << kShift))), scalar(color), cv::FILLED,
             cv::LINE_AA, kShift);
}

void fill_disc(Image& image, int centre_x, int centre_y, int radius, Rgb color) {
  cv::Mat mat = view(image);
  cv::circle(mat, {centre_x, centre_y}, radius, scalar(color), cv::FILLED);
}

void fill_polygon(Image& image, const std::vector<Point>& corners, Rgb color) {
  std::vector<cv::Point> points;
  std::transform(corners.begin(), corners.end(), std::back_inserter(points), fixed);
  cv::Mat mat = view(image);
  cv::fillPoly(mat, std::vector<std::vector<cv::Point>>{points}, scalar(color), cv::LINE_AA, kShift);
}

void draw_line(Image& image, Point from, Point to, Rgb color, int thickness) {
  cv::Mat mat = view(image);
  cv::line(mat, fixed(from), fixed(to), scalar(color), thickness, cv::LINE_AA, kShift);
}

void draw_text(Image& image, Point baseline_left, const std::string& text, Rgb color, double height) {
  cv::Mat mat = view(image);
  const cv::Point at(static_cast<int>(std::lround(baseline_left.x)), static_cast<int>(std::lround(baseline_left.y)));
  cv::putText(mat, text, at, cv::FONT_HERSHEY_SIMPLEX, height / kFontHeight, scalar(color), 1, cv::LINE_AA);
}

void fill_ellipse(Image& image, int centre_x, int centre_y, int half_length, int half_width, int degrees, Rgb color) {
  std::vector<cv::Point> polygon;
  cv::ellipse2Poly({centre_x, centre_y}, {half_length, half_width}, degrees, 0, 360, 1, polygon);
  cv::Mat mat = view(image);
  cv::fillConvexPoly(mat, polygon, scalar(color));
}

Image contact_sheet(const std::vector<Image>& pictures, const std::vector<std::string>& captions, int columns) {
  constexpr int kGap = 4;
  constexpr int kCaption = 18;
  constexpr double kTextHeight = 11;
  int width = 1;
  int height = 1;
  for (const Image& picture : pictures) {
    width = std::max(width, picture.width);
    height = std::max(height, picture.height);
  }
  for (const std::string& caption : captions) {
    width = std::max(width, text_width(caption, kTextHeight) + 4);
  }
  const int rows = (static_cast<int>(pictures.size()) + columns - 1) / columns;
  Image sheet(columns * (width + kGap) + kGap, rows * (height + kCaption + kGap) + kGap, {235, 235, 235});
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const int left = kGap + static_cast<int>(i) % columns * (width + kGap);
    const int top = kGap + static_cast<int>(i) / columns * (height + kCaption + kGap);
    paste(sheet, pictures[i], left, top);
    if (i < captions.size()) {
      draw_text(sheet, {left + 2.0, top + height + 13.0}, captions[i], {30, 30, 30}, kTextHeight);
    }
  }
  return sheet;
}

std::string opencv_version() {
  return "OpenCV " CV_VERSION;
}

}  // namespace stgmamba::media
