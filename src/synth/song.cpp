// SPDX-License-Identifier: MIT
#include "stgmamba/synth/song.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/random.hpp"
#include "stgmamba/util/text.hpp"

#include "arrange.hpp"
#include "instruments.hpp"

namespace stgmamba::synth {

namespace {

using util::Random;

constexpr std::array<double, kSectionKinds> kLevels = {0.25, 0.5, 0.85};  // energy of calm, verse, chorus
const std::vector<std::string> kNames = {"ballet", "popping", "kpop"};

SectionKind next_kind(SectionKind kind, Random& random) {
  const double draw = random.uniform();
  switch (kind) {
    case SectionKind::kCalm:
      return draw < 0.7 ? SectionKind::kVerse : SectionKind::kChorus;
    case SectionKind::kVerse:
      return draw < 0.75 ? SectionKind::kChorus : SectionKind::kCalm;
    default:
      return draw < 0.6 ? SectionKind::kVerse : SectionKind::kCalm;
  }
}

/// Beat times to the end of the song. Recordings begin anywhere, so the first beat falls anywhere in its period and in
/// its bar. Ballet breathes: its tempo swells by up to 3 %.
void lay_beats(Song& song, Random& random) {
  const double period = 60.0 / song.spec.tempo;
  const double swell = song.spec.style == Style::kBallet ? 0.03 : 0.0;
  const double swell_phase = random.uniform(0, 6.28);
  double at = 0.02 + period * random.uniform();
  int in_bar = static_cast<int>(random.integer(song.beats_per_bar));
  while (at < song.spec.seconds) {
    song.beats.push_back(at);
    song.beat_in_bar.push_back(in_bar);
    in_bar = (in_bar + 1) % song.beats_per_bar;
    at += period * (1.0 + swell * std::sin(swell_phase + at * 0.8));
  }
  song.energy.assign(song.beats.size(), 0.5);
  song.stop.assign(song.beats.size(), 0);
}

/// Sections of 2 to 8 bars from a random place on: which kind comes when must not be a function of time alone.
void lay_sections(Song& song, Random& random) {
  const int total = static_cast<int>(song.beats.size());
  auto kind = static_cast<SectionKind>(random.integer(kSectionKinds));
  int beat = 0;
  while (beat < total) {
    const double draw = random.uniform();
    const int bars = song.spec.seconds < 30 ? (draw < 0.3 ? 2 : 4) : (draw < 0.7 ? 4 : 8);
    int count = bars * song.beats_per_bar;
    if (beat == 0) {  // the recording begins inside a section, up to half-way through
      count -= song.beat_in_bar[0] + song.beats_per_bar * static_cast<int>(random.integer(bars / 2 + 1));
    }
    count = std::clamp(count, 1, total - beat);
    song.sections.push_back({song.beats[static_cast<std::size_t>(beat)], kind, beat, count});
    beat += count;
    kind = next_kind(kind, random);
  }
}

/// Energy by bar: the section's level, a build-up inside it, and the bar's own share.
void lay_energy(Song& song, Random& random) {
  for (const Section& section : song.sections) {
    const double level = kLevels[static_cast<std::size_t>(section.kind)] + 0.09 * random.normal();
    const double slope = random.uniform(-0.05, 0.15);
    double bar_level = level;
    for (int i = 0; i < section.beats; ++i) {
      const auto beat = static_cast<std::size_t>(section.first_beat + i);
      if (i == 0 || song.beat_in_bar[beat] == 0) {
        bar_level = level + slope * i / section.beats + 0.1 * random.normal();
      }
      song.energy[beat] = std::clamp(bar_level, 0.05, 1.0);
    }
    const int last = section.first_beat + section.beats;
    if (song.spec.style == Style::kPopping && section.beats > song.beats_per_bar && random.chance(0.6)) {
      for (int beat = last - (random.chance(0.5) ? 2 : 1); beat < last; ++beat) {
        song.stop[static_cast<std::size_t>(beat)] = 1;
        song.energy[static_cast<std::size_t>(beat)] = 0.05;
      }
    }
  }
}

}  // namespace

std::string_view style_name(Style style) {
  return kNames[static_cast<std::size_t>(style)];
}

Style style_from_name(std::string_view name) {
  for (const Style style : kAllStyles) {
    if (style_name(style) == name) {
      return style;
    }
  }
  const std::string near = util::nearest(name, kNames);
  throw UsageError("style must be one of {}, got '{}'{}", util::join(kNames, ", "), name,
                   near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near));
}

TempoRange tempo_range(Style style) {
  switch (style) {
    case Style::kBallet:
      return {80, 112};
    case Style::kPopping:
      return {82, 104};
    default:
      return {104, 132};
  }
}

Song make_score(const SongSpec& spec) {
  if (!(spec.seconds >= 4)) {
    throw UsageError("synthetic song: seconds must be at least 4, got {}", spec.seconds);
  }
  Song song;
  song.spec = spec;
  Random random(spec.seed, "synth/song", static_cast<std::uint64_t>(spec.style));
  const TempoRange range = tempo_range(spec.style);
  const double drawn_tempo = random.uniform(range.low, range.high);
  const auto drawn_kit = static_cast<int>(random.integer(kKits));
  song.spec.tempo = spec.tempo > 0 ? spec.tempo : drawn_tempo;
  song.spec.kit = spec.kit >= 0 ? spec.kit : drawn_kit;
  if (song.spec.tempo < 40 || song.spec.tempo > 240) {
    throw UsageError("synthetic song: tempo must be 40 to 240 beats per minute, got {}", song.spec.tempo);
  }
  if (song.spec.kit >= kKits) {
    throw UsageError("synthetic song: kit must be 0 to {}, got {}", kKits - 1, song.spec.kit);
  }
  song.beats_per_bar = spec.style == Style::kBallet ? 3 : 4;
  lay_beats(song, random);
  lay_sections(song, random);
  lay_energy(song, random);
  return song;
}

Song make_song(const SongSpec& spec) {
  Song song = make_score(spec);
  song.audio.rate = kRate;
  song.audio.samples = arrange(song);
  return song;
}

Song click_track(double tempo, double seconds) {
  if (!(tempo >= 40 && tempo <= 240) || !(seconds > 0)) {
    throw UsageError("click track: tempo must be 40 to 240 and seconds above 0, got {} and {}", tempo, seconds);
  }
  Song song;
  song.spec.tempo = tempo;
  song.spec.seconds = seconds;
  Mixer mixer(seconds, 0);
  for (int i = 0; i * 60.0 / tempo < seconds; ++i) {
    song.beats.push_back(i * 60.0 / tempo);
    song.beat_in_bar.push_back(i % 4);
    song.energy.push_back(i / 16 % 2 == 0 ? 0.6 : 0.9);
    mixer.click(song.beats.back(), i % 4 == 0 ? 1760 : 1100, i % 4 == 0 ? 1.0 : 0.7);
    if (i % 16 == 0) {
      song.sections.push_back({song.beats.back(), i / 16 % 2 == 0 ? SectionKind::kVerse : SectionKind::kChorus, i, 0});
    }
    ++song.sections.back().beats;
  }
  song.stop.assign(song.beats.size(), 0);
  song.audio.rate = kRate;
  song.audio.samples = mixer.finish(0.8);
  return song;
}

SongSpec demo_song() {
  return {.seed = 7, .style = Style::kKpop, .seconds = 20.0, .tempo = 116.0, .kit = 2};
}

Song song_from_beats(media::Audio audio, std::vector<double> beats, Style style) {
  if (beats.size() < 2 || !std::is_sorted(beats.begin(), beats.end())) {
    throw UsageError("song to dance to: needs at least two beats in order of time, got {}", beats.size());
  }
  Song song;
  song.spec.style = style;
  song.spec.seconds = audio.seconds();
  song.spec.tempo = 60.0 * static_cast<double>(beats.size() - 1) / (beats.back() - beats.front());
  song.beats_per_bar = style == Style::kBallet ? 3 : 4;
  std::vector<double> loudness;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    const double end = i + 1 < beats.size() ? beats[i + 1] : beats[i] + 60.0 / song.spec.tempo;
    double sum = 1e-9;
    std::int64_t count = 1;
    for (auto k = static_cast<std::int64_t>(beats[i] * audio.rate); k < static_cast<std::int64_t>(end * audio.rate);
         ++k) {
      if (k >= 0 && k < std::ssize(audio.samples)) {
        const double value = audio.samples[static_cast<std::size_t>(k)];
        sum += value * value;
        ++count;
      }
    }
    loudness.push_back(std::sqrt(sum / static_cast<double>(count)));
    song.beat_in_bar.push_back(static_cast<int>(i) % song.beats_per_bar);
  }
  std::vector<double> sorted = loudness;
  std::sort(sorted.begin(), sorted.end());
  const auto rank = [&](double value) {
    return static_cast<double>(std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin()) /
           static_cast<double>(sorted.size());
  };
  const int total = static_cast<int>(beats.size()), stretch = 4 * song.beats_per_bar;
  for (int first = 0; first < total; first += stretch) {
    const int count = std::min(stretch, total - first);
    double sum = 0.0;
    for (int i = first; i < first + count; ++i) {
      song.energy.push_back(0.25 + 0.65 * rank(loudness[static_cast<std::size_t>(i)]));
      sum += rank(loudness[static_cast<std::size_t>(i)]) / count;
    }
    const SectionKind kind = sum < 0.3 ? SectionKind::kCalm : sum < 0.6 ? SectionKind::kVerse : SectionKind::kChorus;
    song.sections.push_back({beats[static_cast<std::size_t>(first)], kind, first, count});
  }
  song.stop.assign(beats.size(), 0);
  song.beats = std::move(beats);
  song.audio = std::move(audio);
  return song;
}

BeatPosition beat_at(const Song& song, double seconds) {
  STG_CHECK(song.beats.size() >= 2, "[beat_at] the song needs at least two beats, got {}", song.beats.size());
  const auto after = std::upper_bound(song.beats.begin(), song.beats.end(), seconds);
  const auto beat = static_cast<std::ptrdiff_t>(after - song.beats.begin()) - 1;
  const std::ptrdiff_t from = std::clamp<std::ptrdiff_t>(beat, 0, std::ssize(song.beats) - 2);
  const double start = song.beats[static_cast<std::size_t>(from)];
  const double phase = (seconds - start) / (song.beats[static_cast<std::size_t>(from + 1)] - start);
  return {static_cast<int>(beat), phase - std::floor(phase)};
}

const Section& section_at(const Song& song, double seconds) {
  STG_CHECK(!song.sections.empty(), "[section_at] the song has no sections");
  std::size_t found = 0;
  while (found + 1 < song.sections.size() && song.sections[found + 1].start <= seconds) {
    ++found;
  }
  return song.sections[found];
}

}  // namespace stgmamba::synth
