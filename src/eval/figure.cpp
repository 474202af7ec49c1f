// SPDX-License-Identifier: MIT
#include "stgmamba/eval/figure.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/eval/clip_maker.hpp"
#include "stgmamba/infer/long_song.hpp"
#include "stgmamba/music/mel.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::eval {

namespace fs = std::filesystem;
using infer::kWindowFrames;

namespace {

constexpr double kPngScale = 2.0;
constexpr double kClipSeconds = 5.0;
constexpr media::Rgb kWave{60, 90, 150};
constexpr media::Rgb kBeat{214, 120, 0};

std::vector<std::string> take_ids(const TestBed& bed) {
  std::vector<std::string> ids;
  for (const data::TakeInfo& take : bed.takes()) {
    ids.push_back(take.id);
  }
  return ids;
}

std::size_t take_by_id(const TestBed& bed, const std::string& id) {
  const std::vector<std::string> ids = take_ids(bed);
  const auto found = std::find(ids.begin(), ids.end(), id);
  if (found == ids.end()) {
    const std::string near = util::nearest(id, ids);
    throw UsageError("--take: the split '{}' of {} holds no take '{}'{}", bed.split(), bed.dataset().folder().string(),
                     id, near.empty() ? "" : " (did you mean '" + near + "'?)");
  }
  return static_cast<std::size_t>(found - ids.begin());
}

/// The first take of the style, else the first of the number-th song, cyclically.
std::size_t default_take(const TestBed& bed, const StretchChoice& choice) {
  const auto holds_places = [&](std::size_t take) {
    return std::any_of(bed.places().begin(), bed.places().end(), [&](const auto& place) { return place.take == take; });
  };
  for (std::size_t take = 0; take < bed.takes().size(); ++take) {
    if (bed.takes()[take].style == choice.style && holds_places(take)) {
      return take;
    }
  }
  const std::size_t song = choice.number % bed.songs().size();
  for (const TestBed::Place& place : bed.places()) {
    if (place.song == song) {
      return place.take;
    }
  }
  return bed.places().front().take;  // that song's takes are too short
}

std::size_t place_of(const TestBed& bed, std::size_t take, double start) {
  std::vector<std::size_t> places;
  for (std::size_t p = 0; p < bed.places().size(); ++p) {
    if (bed.places()[p].take == take) {
      places.push_back(p);
    }
  }
  if (places.empty()) {
    throw UsageError("--take: {} is shorter than 5 s", bed.takes()[take].id);
  }
  const std::size_t number = start < 0 ? places.size() / 2 : static_cast<std::size_t>(std::floor(start / kClipSeconds));
  if (number >= places.size()) {
    throw UsageError("--start: must be under {:g} s, the end of {}'s last whole 5 s, got {:g}",
                     kClipSeconds * static_cast<double>(places.size()), bed.takes()[take].id, start);
  }
  return places[number];
}

/// Dark blue to yellow, as most spectrograms are printed.
media::Rgb heat(double share) {
  constexpr std::array<std::array<double, 3>, 5> kStops = {
      {{13, 8, 60}, {95, 20, 130}, {190, 55, 110}, {245, 135, 60}, {250, 235, 140}}};
  const double at = std::clamp(share, 0.0, 1.0) * (kStops.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(at), kStops.size() - 2);
  const auto mix = [&](std::size_t channel) {
    return static_cast<std::uint8_t>(
        std::lround(std::lerp(kStops[low][channel], kStops[low + 1][channel], at - static_cast<double>(low))));
  };
  return {mix(0), mix(1), mix(2)};
}

void draw_wave(media::Canvas& canvas, const std::vector<float>& samples, const media::Box& box) {
  const auto columns = static_cast<std::size_t>(box.width);
  const double middle = box.top + 0.5 * box.height;
  const float loudest =
      std::max(1e-4F, std::abs(*std::max_element(samples.begin(), samples.end(),
                                                 [](float a, float b) { return std::abs(a) < std::abs(b); })));
  std::vector<media::Point> upper, lower;
  for (std::size_t i = 0; i < columns; ++i) {  // one polygon between the extremes of each column
    const auto first = samples.begin() + static_cast<std::ptrdiff_t>(i * samples.size() / columns);
    const auto last = samples.begin() + static_cast<std::ptrdiff_t>((i + 1) * samples.size() / columns);
    const auto [low, high] = std::minmax_element(first, last);
    const double x = box.left + static_cast<double>(i) + 0.5;
    upper.push_back({x, middle - 0.5 * box.height * *high / loudest - 0.3});
    lower.push_back({x, middle - 0.5 * box.height * *low / loudest + 0.3});
  }
  upper.insert(upper.end(), lower.rbegin(), lower.rend());
  canvas.polygon(upper, {kWave});
}

media::Image mel_image(const std::vector<float>& samples) {
  music::MelOptions options;
  options.bands = 64;
  const music::Spectrogram mel = music::mel_decibels({samples, data::kSampleRate}, options);
  const float loudest = *std::max_element(mel.values.begin(), mel.values.end());
  media::Image image(static_cast<int>(mel.frames), static_cast<int>(mel.bands));
  for (std::int64_t f = 0; f < mel.frames; ++f) {
    for (std::int64_t b = 0; b < mel.bands; ++b) {
      const media::Rgb color = heat(1.0 + (mel.values[static_cast<std::size_t>(f * mel.bands + b)] - loudest) / 70.0);
      std::uint8_t* pixel =
          &image.pixels[static_cast<std::size_t>(((mel.bands - 1 - b) * mel.frames + f) * 3)];  // low notes below
      pixel[0] = color.r;
      pixel[1] = color.g;
      pixel[2] = color.b;
    }
  }
  return image;
}

}  // namespace

std::vector<fs::path> save_figure(const Figure& figure, const fs::path& path) {
  const std::string ending = path.extension().string();
  if (!ending.empty() && ending != ".png" && ending != ".svg" && ending != ".pdf") {
    throw UsageError("{}: a figure's name must end in .png, .svg or .pdf, or in nothing", path.string());
  }
  if (!path.parent_path().empty()) {
    util::make_folders(path.parent_path());
  }
  std::vector<fs::path> written;
  std::vector<std::string> endings = {".png", ".svg"};
  if (ending == ".pdf") {
    endings.emplace_back(".pdf");
  }
  for (const std::string& each : endings) {
    written.push_back(fs::path(path).replace_extension(each));
    figure.canvas.save(written.back(), kPngScale);
  }
  written.push_back(fs::path(path).replace_extension(".md"));
  util::write_text(written.back(), figure.caption + "\n");
  written.push_back(fs::path(path).replace_extension(".json"));
  io::write_json(written.back(), figure.numbers);
  return written;
}

Stretch choose_stretch(const TestBed& bed, const StretchChoice& choice) {
  const std::size_t take = choice.take.empty() ? default_take(bed, choice) : take_by_id(bed, choice.take);
  Stretch stretch;
  stretch.place = place_of(bed, take, choice.start);
  const TestBed::Place& place = bed.places()[stretch.place];
  const data::TakeInfo& info = bed.takes()[take];
  const double start = static_cast<double>(place.frame) / data::kFps;
  stretch.style = info.style;
  stretch.title = fmt::format("{}, {:g} to {:g} s", info.id, start, start + kClipSeconds);
  stretch.beats = bed.yardstick().clips()[stretch.place].beats;
  const media::Audio audio = bed.dataset().load(info).audio;
  const auto first = std::min<std::ptrdiff_t>(place.frame * data::kSamplesPerFrame, std::ssize(audio.samples));
  const auto last = std::min<std::ptrdiff_t>(first + kClipSamples, std::ssize(audio.samples));
  stretch.samples.assign(audio.samples.begin() + first, audio.samples.begin() + last);
  stretch.samples.resize(static_cast<std::size_t>(kClipSamples), 0.0F);
  return stretch;
}

std::vector<skeleton::Motion> real_dances(const TestBed& bed, const Stretch& stretch) {
  const auto millis = [&](const TestBed::Place& place) {
    return std::llround(1000.0 * (bed.takes()[place.take].start + static_cast<double>(place.frame) / data::kFps));
  };
  const std::vector<metrics::Clip>& clips = bed.yardstick().clips();
  const TestBed::Place& own = bed.places()[stretch.place];
  std::vector<skeleton::Motion> dances = {clips[stretch.place].motion};
  for (std::size_t p = 0; p < clips.size(); ++p) {
    const TestBed::Place& place = bed.places()[p];
    const bool same_song = !bed.takes()[own.take].song.empty() && place.song == own.song;
    if (p != stretch.place && same_song && millis(place) == millis(own)) {
      dances.push_back(clips[p].motion);
    }
  }
  return dances;
}

void draw_music(media::Canvas& canvas, const Stretch& stretch, const media::Box& box) {
  const double half = 0.5 * box.height;
  draw_wave(canvas, stretch.samples, {box.left, box.top, box.width, half - 2.0});
  canvas.picture(mel_image(stretch.samples), {box.left, box.top + half, box.width, half});
  for (const double beat : stretch.beats) {
    const double x = box.left + box.width * beat / kClipSeconds;
    canvas.line({x, box.top}, {x, box.bottom()}, {.color = kBeat, .width = 1.2});
    canvas.polygon({{x - 3.5, box.top - 5}, {x + 3.5, box.top - 5}, {x, box.top}}, {kBeat});
  }
}

media::Rgb palette(std::size_t index) {
  constexpr std::array<media::Rgb, 8> kColours = {{{0, 114, 178},
                                                   {213, 94, 0},
                                                   {0, 158, 115},
                                                   {204, 121, 167},
                                                   {230, 159, 0},
                                                   {86, 180, 233},
                                                   {120, 94, 60},
                                                   {90, 90, 90}}};
  return kColours[index % kColours.size()];
}

}  // namespace stgmamba::eval
