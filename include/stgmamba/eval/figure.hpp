// SPDX-License-Identifier: MIT
// What every figure of the paper is made of here: a drawing, the caption that says what is seen and by which rules, and
// the numbers behind it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "stgmamba/eval/test_bed.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/media/canvas.hpp"

namespace stgmamba::eval {

struct Figure {
  media::Canvas canvas;
  std::string caption;  // Markdown, one paragraph
  io::Json numbers;     // what was measured for it
};

/// Writes NAME.png, NAME.svg, NAME.md (the caption) and NAME.json for `path` = NAME or NAME.png, NAME.svg or NAME.pdf
/// (NAME.pdf is written too then). Returns what it wrote, the picture first. Throws UsageError for another ending.
std::vector<std::filesystem::path> save_figure(const Figure& figure, const std::filesystem::path& path);

/// 5 s of one song, what the music row of a figure shows and methods dance to.
struct Stretch {
  std::size_t place = 0;       // of the test bed
  std::string title;           // "kpop_003_a, 20 to 25 s"
  std::string style;           // of the dance; empty: unknown
  std::vector<float> samples;  // [80000], 16 kHz
  std::vector<double> beats;   // s from the start
};

struct StretchChoice {
  std::string take;   // empty: the first of `style`
  std::string style;  // empty or in no take: the `number`-th song
  std::size_t number = 0;
  double start = -1.0;  // s; < 0: the middle of the take. The window that holds it is taken
};

/// Throws UsageError with the nearest name for a take that is not in the bed, or a start behind its end.
Stretch choose_stretch(const TestBed& bed, const StretchChoice& choice);

/// The true dance to it, and then, where a song was danced to more than once, the others to the same stretch.
std::vector<skeleton::Motion> real_dances(const TestBed& bed, const Stretch& stretch);

/// The waveform with its beats as vertical lines, and under it the mel spectrogram.
void draw_music(media::Canvas& canvas, const Stretch& stretch, const media::Box& box);

/// Colours that people with any colour vision tell apart, in the order of their use.
media::Rgb palette(std::size_t index);
inline constexpr media::Rgb kInk{40, 40, 46};
inline constexpr media::Rgb kFaint{150, 150, 158};
inline constexpr media::Rgb kMark{214, 30, 30};

}  // namespace stgmamba::eval
