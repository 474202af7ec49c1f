// SPDX-License-Identifier: MIT
// A picture described once, in lines, shapes, words and photographs, and then written as pixels or as vectors (cairo
// underneath): the figures of a paper.
//
//   Canvas canvas(300, 100);
//   canvas.line({10, 50}, {290, 50}, {.color = {200, 0, 0}, .width = 2, .dashed = true});
//   canvas.save("figure.svg");
//
// Lengths are pixels of a PNG at scale 1 and 1/96 inch in an SVG or PDF; the origin is the top left corner, y goes
// down.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "stgmamba/media/image.hpp"

namespace stgmamba::media {

struct Box {
  double left = 0.0, top = 0.0, width = 0.0, height = 0.0;
  double right() const { return left + width; }
  double bottom() const { return top + height; }
};

/// How a line looks. Round ends and corners.
struct Pen {
  Rgb color;
  double width = 1.0;
  double alpha = 1.0;  // 1 hides what is under it, 0 shows nothing
  bool dashed = false;
};

struct Fill {
  Rgb color;
  double alpha = 1.0;
};

enum class Align { kLeft, kCentre, kRight };

/// A sans serif face; letters become outlines in vector files, so a figure looks the same where no such face is there.
struct Font {
  double size = 12.0;  // height of a line
  Rgb color;
  Align align = Align::kLeft;
  bool bold = false;
};

class Canvas {
 public:
  Canvas(double width, double height, Rgb background = {255, 255, 255});
  ~Canvas();
  Canvas(Canvas&&) noexcept;
  Canvas& operator=(Canvas&&) noexcept;

  double width() const { return width_; }
  double height() const { return height_; }

  void line(Point from, Point to, const Pen& pen);
  void path(const std::vector<Point>& points, const Pen& pen);  // open; fewer than two points draw nothing
  void polygon(const std::vector<Point>& corners, const Fill& fill);
  void rectangle(const Box& box, const Fill& fill);
  void outline(const Box& box, const Pen& pen);
  void disc(Point centre, double radius, const Fill& fill);
  void ring(Point centre, double radius, const Pen& pen);
  /// An ellipse about the line between two points: OpenPose's limb.
  void limb(Point from, Point to, double half_width, const Fill& fill);
  void text(Point baseline, const std::string& words, const Font& font = {});
  double text_width(const std::string& words, const Font& font = {}) const;
  void picture(const Image& image, const Box& box);  // stretched over the box

  /// The pixels, round(width * scale) by round(height * scale).
  Image render(double scale = 1.0) const;
  /// .png or .jpg (render(scale)), .svg or .pdf; atomic. Throws UsageError for another ending, ResourceError when it
  /// cannot be written.
  void save(const std::filesystem::path& path, double scale = 2.0) const;

 private:
  struct Recording;
  double width_, height_;
  std::unique_ptr<Recording> recording_;
};

}  // namespace stgmamba::media
