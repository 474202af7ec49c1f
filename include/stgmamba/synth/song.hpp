// SPDX-License-Identifier: MIT
// Made-up music with known beats, sections and energy: ballet (a waltz for piano and strings), popping (hard electronic
// funk with stops) and k-pop (dance-pop with verse and chorus). A song is a function of its spec, bit for bit.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "stgmamba/media/audio.hpp"

namespace stgmamba::synth {

enum class Style { kBallet, kPopping, kKpop };  // in the order of the data layer's style numbers
inline constexpr std::array<Style, 3> kAllStyles = {Style::kBallet, Style::kPopping, Style::kKpop};
std::string_view style_name(Style style);
Style style_from_name(std::string_view name);  // "ballet|popping|kpop"; throws UsageError with the nearest name

inline constexpr int kKits = 8;  // drum kits; in ballet, pianos

struct TempoRange {
  double low = 0.0, high = 0.0;  // beats per minute
};
TempoRange tempo_range(Style style);

struct SongSpec {
  std::uint64_t seed = 1;
  Style style = Style::kKpop;
  double seconds = 20.0;
  double tempo = 0.0;  // beats per minute; 0: drawn from the style's range
  int kit = -1;        // 0..kKits-1; -1: drawn
};

enum class SectionKind { kCalm, kVerse, kChorus };  // kCalm: intro, bridge
inline constexpr int kSectionKinds = 3;

struct Section {
  double start = 0.0;  // s, its first beat
  SectionKind kind = SectionKind::kVerse;
  int first_beat = 0;  // index into Song::beats
  int beats = 0;
};

struct Song {
  SongSpec spec;                 // with the drawn tempo and kit filled in
  media::Audio audio;            // 16 kHz mono
  int beats_per_bar = 4;         // 3 in ballet
  std::vector<double> beats;     // s
  std::vector<int> beat_in_bar;  // [beats] 0 = the bar's first
  std::vector<double> energy;    // [beats] 0..1, how full and loud the music is from this beat to the next
  std::vector<char> stop;        // [beats] 1 where the music stops (popping)
  std::vector<Section> sections;
};

/// Throws UsageError for less than 4 s or a tempo outside 40 to 240.
Song make_song(const SongSpec& spec);
/// The same song without its sound: beats, sections and energy alone, in no time.
Song make_score(const SongSpec& spec);

/// A click on every beat of a 4/4 bar, the first of each bar higher: for demos and for checking synchrony.
Song click_track(double tempo, double seconds);

/// The song of the built-in demo.
SongSpec demo_song();

/// A song of anybody's with beats found elsewhere, so that the built-in dancer can dance to it: energy from loudness,
/// bars of four from the first beat, sections of four bars named by how loud they are.
Song song_from_beats(media::Audio audio, std::vector<double> beats, Style style);

/// Lookup by time: index of the beat at or before `seconds` (-1 before the first), and the share of its period passed.
struct BeatPosition {
  int beat = -1;
  double phase = 0.0;  // 0..1
};
BeatPosition beat_at(const Song& song, double seconds);
const Section& section_at(const Song& song, double seconds);  // the first one before its start, too

}  // namespace stgmamba::synth
