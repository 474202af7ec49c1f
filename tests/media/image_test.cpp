// SPDX-License-Identifier: MIT
#include "stgmamba/media/image.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::media {
namespace {

using test::error_of;
using test::TempFolder;
using testing::HasSubstr;

Rgb at(const Image& image, int x, int y) {
  const std::uint8_t* p = &image.pixels[static_cast<std::size_t>((y * image.width + x) * 3)];
  return {p[0], p[1], p[2]};
}

TEST(Image, PngRoundTripKeepsColoursInOrder) {
  const TempFolder folder;
  Image image(7, 5, {10, 20, 30});
  fill_disc(image, 3, 2, 1, {250, 0, 5});
  save_image(folder / "a.png", image);
  const Image back = load_image(folder / "a.png");
  EXPECT_EQ(back.width, 7);
  EXPECT_EQ(back.height, 5);
  EXPECT_EQ(back.pixels, image.pixels);
  EXPECT_EQ(at(back, 3, 2).r, 250);
  EXPECT_EQ(at(back, 0, 0).b, 30);
}

TEST(Image, DrawingTouchesWhatItShould) {
  Image image(40, 30, {255, 255, 255});
  fill_ellipse(image, 20, 15, 10, 4, 0, {0, 0, 200});
  EXPECT_EQ(at(image, 29, 15).r, 0);
  EXPECT_EQ(at(image, 20, 15).b, 200);
  EXPECT_EQ(at(image, 20, 22).r, 255);
  draw_line(image, {0, 0}, {39, 0}, {9, 9, 9});
  EXPECT_LT(at(image, 20, 0).r, 60);  // anti-aliased
}

TEST(Image, PasteIsClipped) {
  Image canvas(10, 10, {0, 0, 0});
  paste(canvas, Image(4, 4, {9, 9, 9}), 8, -2);
  EXPECT_EQ(at(canvas, 9, 1).r, 9);
  EXPECT_EQ(at(canvas, 7, 0).r, 0);
  paste(canvas, Image(4, 4, {9, 9, 9}), 80, 80);
}

TEST(Image, ResizeAndSheetHaveTheirSizes) {
  const Image image(64, 36, {1, 2, 3});
  EXPECT_EQ(resize(image, 32, 18).width, 32);
  const Image sheet = contact_sheet({image, image, image}, {"a", "b", "c"}, 2);
  EXPECT_GT(sheet.width, 128);
  EXPECT_GT(sheet.height, 72);
  const Image small(8, 8);  // columns hold their captions, too
  EXPECT_GT(contact_sheet({small, small}, {"0.00 s", "0.25 s"}, 2).width, 80);
}

TEST(Image, BadFilesAreNamed) {
  const TempFolder folder;
  EXPECT_THAT(error_of([&] { load_image(folder / "none.png"); }), HasSubstr("none.png: no such picture"));
  util::write_text(folder / "a.png", "text");
  EXPECT_THAT(error_of([&] { load_image(folder / "a.png"); }), HasSubstr("a.png: not a picture"));
  EXPECT_THAT(error_of([&] { save_image(folder / "a.bmp", Image(2, 2)); }), HasSubstr("must end in .png or .jpg"));
}

/// Decoders would fill the rest with grey.
TEST(Image, AJpegThatEndsEarlyIsRefused) {
  const TempFolder folder;
  Image noisy(64, 64);
  for (std::size_t i = 0; i < noisy.pixels.size(); ++i) {
    noisy.pixels[i] = static_cast<std::uint8_t>(i * 37 % 251);
  }
  save_image(folder / "whole.jpg", noisy);
  const std::string bytes = util::read_text(folder / "whole.jpg");
  for (const double share : {0.999, 0.5, 0.05}) {
    util::write_text(folder / "part.jpg",
                     bytes.substr(0, static_cast<std::size_t>(share * static_cast<double>(bytes.size()))));
    EXPECT_THAT(error_of([&] { load_image(folder / "part.jpg"); }), HasSubstr("part.jpg: the picture ends early"))
        << share;
  }
  // A film behind the photo and a cut thumbnail inside it hold markers of their own.
  const std::string thumbnail("\xff\xe1\x00\x08\xff\xd8\xff\xda\xff\xd9", 10);
  util::write_text(folder / "more.jpg", bytes.substr(0, 2) + thumbnail + bytes.substr(2) + "a film \xff\xda no end");
  util::write_text(folder / "part.jpg", bytes.substr(0, 2) + thumbnail + bytes.substr(2, bytes.size() / 2));
  EXPECT_THAT(error_of([&] { load_image(folder / "part.jpg"); }), HasSubstr("part.jpg: the picture ends early"));
  EXPECT_EQ(load_image(folder / "more.jpg").pixels, load_image(folder / "whole.jpg").pixels);
}

/// A JPEG whose EXIF says that the camera was held on its side (orientation 6: turn clockwise).
TEST(Image, PhonesTurnTheirPhotos) {
  const TempFolder folder;
  Image wide(40, 20, {20, 30, 200});
  media::fill_polygon(wide, {{0, 0}, {9, 0}, {9, 19}, {0, 19}}, {220, 40, 30});  // red on the left
  media::save_image(folder / "upright.jpg", wide);
  std::string bytes = util::read_text(folder / "upright.jpg");
  const char exif[] =
      "\xff\xe1\x00\x22"
      "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
  bytes.insert(2, std::string(exif, 36));
  util::write_text(folder / "turned.jpg", bytes);
  const Image turned = media::load_image(folder / "turned.jpg");
  ASSERT_EQ(turned.width, 20);
  ASSERT_EQ(turned.height, 40);
  EXPECT_GT(turned.pixels[0], 150);                         // red is on top now
  EXPECT_GT(turned.pixels[turned.pixels.size() - 1], 150);  // and blue at the bottom
}

TEST(Image, GreyAndTransparentPicturesBecomeRgb) {
  const TempFolder folder;
  util::write_text(folder / "grey.pgm", "P5 3 2 255\n" + std::string(6, '\x40'));
  const Image grey = media::load_image(folder / "grey.pgm");
  EXPECT_EQ(grey.pixels, std::vector<std::uint8_t>(18, 0x40));
  util::write_text(folder / "rgba.pam", "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n" +
                                            std::string("\x0a\x14\x1e\x01\x28\x32\x3c\x02"));
  const Image rgba = media::load_image(folder / "rgba.pam");
  EXPECT_EQ(rgba.width, 2);
  EXPECT_EQ(rgba.pixels.size(), 6U);
}

}  // namespace
}  // namespace stgmamba::media
