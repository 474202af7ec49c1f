// SPDX-License-Identifier: MIT
#include "stgmamba/media/canvas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

/// fontconfig hides its pointers as offsets, so what cairo's cache of fonts still holds looks lost to the leak check.
/// Our own leaks have frames of ours or of cairo, and are seen.
extern "C" const char* __lsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "leak:libfontconfig\n";
}

namespace stgmamba::media {
namespace {

using test::error_of;
using test::TempFolder;
using testing::HasSubstr;
using testing::Not;

Rgb at(const Image& image, int x, int y) {
  const std::uint8_t* p = &image.pixels[static_cast<std::size_t>((y * image.width + x) * 3)];
  return {p[0], p[1], p[2]};
}

bool is(Rgb a, Rgb b) {
  return a.r == b.r && a.g == b.g && a.b == b.b;
}

TEST(Canvas, EveryShapeLandsWhereItWasPut) {
  Canvas canvas(60, 40, {240, 240, 240});
  canvas.rectangle({2, 3, 10, 5}, {{10, 20, 30}});
  canvas.outline({20, 3, 10, 10}, {.color = {200, 0, 0}, .width = 2});
  canvas.disc({40, 10}, 4, {{0, 90, 0}});
  canvas.ring({52, 10}, 5, {.color = {0, 0, 90}, .width = 2});
  canvas.line({5, 30}, {25, 30}, {.color = {9, 9, 9}, .width = 2});
  canvas.polygon({{30, 25}, {40, 25}, {40, 35}, {30, 35}}, {{70, 80, 90}});
  canvas.limb({45, 30}, {57, 30}, 3, {{1, 2, 3}});
  const Image image = canvas.render();
  ASSERT_EQ(image.width, 60);
  ASSERT_EQ(image.height, 40);
  EXPECT_TRUE(is(at(image, 0, 0), {240, 240, 240}));
  EXPECT_TRUE(is(at(image, 5, 5), {10, 20, 30}));
  EXPECT_TRUE(is(at(image, 12, 5), {240, 240, 240}));
  EXPECT_TRUE(is(at(image, 20, 8), {200, 0, 0}));
  EXPECT_TRUE(is(at(image, 25, 8), {240, 240, 240}));  // an outline is hollow
  EXPECT_TRUE(is(at(image, 40, 10), {0, 90, 0}));
  EXPECT_TRUE(is(at(image, 52, 10), {240, 240, 240}));  // and so is a ring
  EXPECT_TRUE(is(at(image, 47, 9), {0, 0, 90}) || is(at(image, 46, 9), {0, 0, 90}));
  EXPECT_TRUE(is(at(image, 15, 30), {9, 9, 9}));
  EXPECT_TRUE(is(at(image, 35, 30), {70, 80, 90}));
  EXPECT_TRUE(is(at(image, 51, 31), {1, 2, 3}));
  EXPECT_TRUE(is(at(image, 46, 33), {240, 240, 240}));  // a limb is thin at its ends
}

TEST(Canvas, DashesHaveGapsAndAlphaShowsWhatIsUnderIt) {
  Canvas canvas(100, 20);
  canvas.line({0, 10}, {100, 10}, {.color = {0, 0, 0}, .width = 2, .dashed = true});
  canvas.rectangle({0, 0, 100, 4}, {{0, 0, 0}, 0.5});
  const Image image = canvas.render();
  int dark = 0;
  for (int x = 0; x < 100; ++x) {
    dark += at(image, x, 10).r < 128 ? 1 : 0;
  }
  EXPECT_GT(dark, 30);
  EXPECT_LT(dark, 95);
  EXPECT_NEAR(at(image, 50, 2).r, 127, 2);
}

TEST(Canvas, WordsAreAlignedAndMeasured) {
  Canvas canvas(200, 40);
  const Font right{.size = 16, .align = Align::kRight};
  const double width = canvas.text_width("beats", right);
  EXPECT_GT(width, 20);
  EXPECT_LT(width, 80);
  canvas.text({100, 25}, "beats", right);
  const Image image = canvas.render();
  int first = 200;
  int last = 0;
  for (int i = 0; i < 200 * 40; ++i) {
    if (image.pixels[static_cast<std::size_t>(3 * i)] < 200) {
      first = std::min(first, i % 200);
      last = std::max(last, i % 200);
    }
  }
  EXPECT_GE(first, 100 - width - 2);
  EXPECT_LE(first, 100 - width + 4);
  EXPECT_LE(last, 101);
}

TEST(Canvas, PicturesFillTheirBoxInTheRightColours) {
  Image image(4, 2, {200, 30, 10});
  Canvas canvas(50, 50);
  canvas.picture(image, {10, 20, 40, 20});
  const Image drawn = canvas.render(2.0);
  EXPECT_EQ(drawn.width, 100);
  EXPECT_TRUE(is(at(drawn, 21, 41), {200, 30, 10}));
  EXPECT_TRUE(is(at(drawn, 98, 78), {200, 30, 10}));
  EXPECT_TRUE(is(at(drawn, 18, 41), {255, 255, 255}));
  EXPECT_TRUE(is(at(drawn, 50, 82), {255, 255, 255}));
}

TEST(Canvas, WritesPixelsAndVectorsOfOneDrawing) {
  const TempFolder folder;
  Canvas canvas(120, 60);
  canvas.disc({60, 30}, 20, {{180, 0, 0}});
  canvas.text({5, 15}, "a < b & c");
  for (const char* name : {"a.png", "a.svg", "a.pdf"}) {
    canvas.save(folder / name, 2.0);
  }
  const Image pixels = load_image(folder / "a.png");
  EXPECT_EQ(pixels.width, 240);
  EXPECT_EQ(pixels.height, 120);
  EXPECT_TRUE(is(at(pixels, 120, 60), {180, 0, 0}));
  const std::string svg = util::read_text(folder / "a.svg");
  EXPECT_THAT(svg, HasSubstr("<svg "));
  EXPECT_THAT(svg, HasSubstr("</svg>"));
  EXPECT_THAT(svg, HasSubstr("rgb(70.588235%,0%,0%)"));
  EXPECT_THAT(svg, HasSubstr("width=\"90pt\""));
  EXPECT_THAT(svg, Not(HasSubstr("<image")));  // vectors, not a photograph of them
  EXPECT_THAT(util::read_text(folder / "a.pdf"), HasSubstr("%PDF"));
}

TEST(Canvas, RefusesWhatItCannotWrite) {
  const Canvas canvas(10, 10);
  EXPECT_THAT(error_of([&] { canvas.save("a.bmp"); }), HasSubstr("must end in .png, .jpg, .svg or .pdf"));
  EXPECT_THAT(error_of([] { Canvas(0, 10); }), HasSubstr("1 to 30000"));
}

}  // namespace
}  // namespace stgmamba::media
