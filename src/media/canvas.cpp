// SPDX-License-Identifier: MIT
#include "stgmamba/media/canvas.hpp"

#include <array>
#include <cmath>
#include <numbers>
#include <span>

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"

namespace stgmamba::media {
namespace {

constexpr double kPointsPerPixel = 72.0 / 96.0;  // vector files are measured in points
constexpr std::array<double, 2> kDash = {5.0, 3.5};

struct DestroySurface {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct DestroyPen {
  void operator()(cairo_t* pen) const { cairo_destroy(pen); }
};
using Surface = std::unique_ptr<cairo_surface_t, DestroySurface>;
using Context = std::unique_ptr<cairo_t, DestroyPen>;

void check(cairo_status_t status, const char* doing) {
  if (status != CAIRO_STATUS_SUCCESS) {
    throw ResourceError("{}: {}", doing, cairo_status_to_string(status));
  }
}

void set_colour(cairo_t* context, Rgb color, double alpha) {
  cairo_set_source_rgba(context, color.r / 255.0, color.g / 255.0, color.b / 255.0, alpha);
}

void stroke(cairo_t* context, const Pen& pen) {
  set_colour(context, pen.color, pen.alpha);
  cairo_set_line_width(context, pen.width);
  cairo_set_dash(context, kDash.data(), pen.dashed ? static_cast<int>(kDash.size()) : 0, 0.0);
  cairo_stroke(context);
}

void fill_in(cairo_t* context, const Fill& fill) {
  set_colour(context, fill.color, fill.alpha);
  cairo_fill(context);
}

void trace(cairo_t* context, const std::vector<Point>& points) {
  for (const Point& point : points) {
    cairo_line_to(context, point.x, point.y);  // the first one moves
  }
}

void set_font(cairo_t* context, const Font& font) {
  cairo_select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                         font.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(context, font.size);
}

/// cairo's pixels: 32 bits, blue first on little-endian machines.
Surface to_surface(const Image& image) {
  Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, image.width, image.height));
  check(cairo_surface_status(surface.get()), "a picture in a figure");
  unsigned char* data = cairo_image_surface_get_data(surface.get());
  const int stride = cairo_image_surface_get_stride(surface.get());
  for (int y = 0; y < image.height; ++y) {
    auto* row = reinterpret_cast<std::uint32_t*>(data + static_cast<std::ptrdiff_t>(y) * stride);
    const std::uint8_t* from = &image.pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) * 3];
    for (int x = 0; x < image.width; ++x, from += 3) {
      row[x] = static_cast<std::uint32_t>(from[0]) << 16 | static_cast<std::uint32_t>(from[1]) << 8 | from[2];
    }
  }
  cairo_surface_mark_dirty(surface.get());
  return surface;
}

Image to_image(cairo_surface_t* surface) {
  cairo_surface_flush(surface);
  Image image(cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface));
  const unsigned char* data = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  std::uint8_t* to = image.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    const auto* row = reinterpret_cast<const std::uint32_t*>(data + static_cast<std::ptrdiff_t>(y) * stride);
    for (int x = 0; x < image.width; ++x, to += 3) {
      to[0] = static_cast<std::uint8_t>(row[x] >> 16);
      to[1] = static_cast<std::uint8_t>(row[x] >> 8);
      to[2] = static_cast<std::uint8_t>(row[x]);
    }
  }
  return image;
}

cairo_status_t append(void* to, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

struct Canvas::Recording {
  Surface surface;
  Context context;

  /// Everything that was drawn, onto another surface.
  void replay(cairo_surface_t* target, double scale) const {
    const Context to(cairo_create(target));
    cairo_scale(to.get(), scale, scale);
    cairo_set_source_surface(to.get(), surface.get(), 0.0, 0.0);
    cairo_paint(to.get());
    check(cairo_status(to.get()), "a figure");
  }
};

Canvas::Canvas(double width, double height, Rgb background)
    : width_(width), height_(height), recording_(std::make_unique<Recording>()) {
  STG_CHECK(width >= 1 && height >= 1 && width <= 30000 && height <= 30000,
            "[canvas] width and height must be 1 to 30000, got {} and {}", width, height);
  const cairo_rectangle_t extents{0.0, 0.0, width, height};
  recording_->surface.reset(cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, &extents));
  recording_->context.reset(cairo_create(recording_->surface.get()));
  cairo_set_line_cap(recording_->context.get(), CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join(recording_->context.get(), CAIRO_LINE_JOIN_ROUND);
  rectangle({0.0, 0.0, width, height}, {background});
}

Canvas::~Canvas() = default;
Canvas::Canvas(Canvas&&) noexcept = default;
Canvas& Canvas::operator=(Canvas&&) noexcept = default;

void Canvas::line(Point from, Point to, const Pen& pen) {
  path({from, to}, pen);
}

void Canvas::path(const std::vector<Point>& points, const Pen& pen) {
  if (points.size() > 1) {
    trace(recording_->context.get(), points);
    stroke(recording_->context.get(), pen);
  }
}

void Canvas::polygon(const std::vector<Point>& corners, const Fill& fill) {
  trace(recording_->context.get(), corners);
  fill_in(recording_->context.get(), fill);
}

void Canvas::rectangle(const Box& box, const Fill& fill) {
  cairo_rectangle(recording_->context.get(), box.left, box.top, box.width, box.height);
  fill_in(recording_->context.get(), fill);
}

void Canvas::outline(const Box& box, const Pen& pen) {
  cairo_rectangle(recording_->context.get(), box.left, box.top, box.width, box.height);
  stroke(recording_->context.get(), pen);
}

void Canvas::disc(Point centre, double radius, const Fill& fill) {
  cairo_arc(recording_->context.get(), centre.x, centre.y, radius, 0.0, 2.0 * std::numbers::pi);
  fill_in(recording_->context.get(), fill);
}

void Canvas::ring(Point centre, double radius, const Pen& pen) {
  cairo_new_sub_path(recording_->context.get());
  cairo_arc(recording_->context.get(), centre.x, centre.y, radius, 0.0, 2.0 * std::numbers::pi);
  stroke(recording_->context.get(), pen);
}

void Canvas::limb(Point from, Point to, double half_width, const Fill& fill) {
  const double half_length = 0.5 * std::hypot(to.x - from.x, to.y - from.y);
  if (half_length <= 0.0 || half_width <= 0.0) {
    return;  // cairo refuses to scale by nothing
  }
  cairo_t* context = recording_->context.get();
  cairo_save(context);
  cairo_translate(context, 0.5 * (from.x + to.x), 0.5 * (from.y + to.y));
  cairo_rotate(context, std::atan2(to.y - from.y, to.x - from.x));
  cairo_scale(context, half_length, half_width);
  cairo_arc(context, 0.0, 0.0, 1.0, 0.0, 2.0 * std::numbers::pi);
  cairo_restore(context);
  fill_in(context, fill);
}

void Canvas::text(Point baseline, const std::string& words, const Font& font) {
  cairo_t* context = recording_->context.get();
  const double shift = font.align == Align::kLeft ? 0.0 : text_width(words, font);
  set_font(context, font);
  set_colour(context, font.color, 1.0);
  cairo_move_to(context, baseline.x - (font.align == Align::kCentre ? 0.5 * shift : shift), baseline.y);
  cairo_show_text(context, words.c_str());
  cairo_new_path(context);
}

double Canvas::text_width(const std::string& words, const Font& font) const {
  set_font(recording_->context.get(), font);
  cairo_text_extents_t extents;
  cairo_text_extents(recording_->context.get(), words.c_str(), &extents);
  return extents.x_advance;
}

void Canvas::picture(const Image& image, const Box& box) {
  STG_CHECK(image.width > 0 && image.height > 0, "[canvas] a picture must hold pixels, got {}x{}", image.width,
            image.height);
  cairo_t* context = recording_->context.get();
  const Surface pixels = to_surface(image);
  cairo_save(context);
  cairo_translate(context, box.left, box.top);
  cairo_scale(context, box.width / image.width, box.height / image.height);
  cairo_set_source_surface(context, pixels.get(), 0.0, 0.0);
  cairo_pattern_set_extend(cairo_get_source(context), CAIRO_EXTEND_PAD);  // no pale rim
  cairo_rectangle(context, 0.0, 0.0, image.width, image.height);
  cairo_fill(context);
  cairo_restore(context);
}

Image Canvas::render(double scale) const {
  const Surface pixels(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(std::lround(width_ * scale)),
                                                  static_cast<int>(std::lround(height_ * scale))));
  check(cairo_surface_status(pixels.get()), "the pixels of a figure");
  recording_->replay(pixels.get(), scale);
  return to_image(pixels.get());
}

void Canvas::save(const std::filesystem::path& path, double scale) const {
  const std::string ending = path.extension().string();
  if (ending == ".png" || ending == ".jpg" || ending == ".jpeg") {
    save_image(path, render(scale));
    return;
  }
  if (ending != ".svg" && ending != ".pdf") {
    throw UsageError("{}: a figure must end in .png, .jpg, .svg or .pdf", path.string());
  }
  std::string bytes;
  const double points_wide = width_ * kPointsPerPixel;
  const double points_high = height_ * kPointsPerPixel;
  const Surface vectors(ending == ".svg"
                            ? cairo_svg_surface_create_for_stream(append, &bytes, points_wide, points_high)
                            : cairo_pdf_surface_create_for_stream(append, &bytes, points_wide, points_high));
  check(cairo_surface_status(vectors.get()), "a vector figure");
  recording_->replay(vectors.get(), kPointsPerPixel);
  cairo_surface_finish(vectors.get());
  check(cairo_surface_status(vectors.get()), "a vector figure");
  util::write_file(path, std::as_bytes(std::span<const char>(bytes)));
}

}  // namespace stgmamba::media
