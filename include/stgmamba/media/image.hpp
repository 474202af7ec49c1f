// SPDX-License-Identifier: MIT
// 8-bit RGB pictures and the drawing primitives that the rest of the library needs (OpenCV underneath).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace stgmamba::media {

struct Rgb {
  std::uint8_t r = 0, g = 0, b = 0;
};

struct Point {
  double x = 0.0, y = 0.0;  // pixels, origin at the top left pixel's centre
};

/// Interleaved rows, RGBRGB..., no padding.
struct Image {
  Image() = default;
  Image(int width, int height, Rgb fill = {});
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;  // [height, width, 3]
};

Image load_image(const std::filesystem::path& path);  // throws DataError; EXIF orientation applied
void save_image(const std::filesystem::path& path, const Image& image, int jpeg_quality = 95);  // png or jpg, atomic
Image resize(const Image& image, int width, int height);          // area when shrinking, cubic when growing
void paste(Image& canvas, const Image& part, int left, int top);  // clipped

void fill_circle(Image& image, Point centre, double radius, Rgb color);           // anti-aliased, sub-pixel
void fill_disc(Image& image, int centre_x, int centre_y, int radius, Rgb color);  // hard-edged, whole pixels
void fill_polygon(Image& image, const std::vector<Point>& corners, Rgb color);
void draw_line(Image& image, Point from, Point to, Rgb color, int thickness = 1);
void draw_text(Image& image, Point baseline_left, const std::string& text, Rgb color, double height = 12.0);
/// OpenPose's limb: an ellipse polygon in 1 degree steps, exactly as `cv::ellipse2Poly` makes it (integer centre, axes
/// and angle).
void fill_ellipse(Image& image, int centre_x, int centre_y, int half_length, int half_width, int degrees, Rgb color);

/// Pictures in a grid with a caption under each, in columns that hold both; for contact sheets.
Image contact_sheet(const std::vector<Image>& pictures, const std::vector<std::string>& captions, int columns);

}  // namespace stgmamba::media
