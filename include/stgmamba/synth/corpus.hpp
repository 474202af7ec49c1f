// SPDX-License-Identifier: MIT
// The synthetic corpus as a list of takes to make: which song, which dance, which part.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stgmamba/synth/dance.hpp"
#include "stgmamba/synth/song.hpp"

namespace stgmamba::synth {

enum class Preset {
  kTiny,   // 6 songs of 20 s (k-pop unless styles are named), two dances a song: 4 train, 1 val, 1 test
  kSmall,  // 60 training (4 of them validation) and 4 test songs of 20 s, else as tiny: enough to dance to a new song
  kTable,  // 60 training (6 of them validation) and 24 test songs of 40 to 60 s in three styles, four dances a song
  kVideo,  // 40 clips of 5 s, each danced by another puppet: 28 train, 4 val, 8 test, in three styles
};
Preset preset_from_name(std::string_view name);  // "tiny|small|table|video"; throws UsageError with the nearest name

struct TakeSpec {
  std::string id;      // "kpop_003_b": style, song number, dance
  std::string source;  // "kpop_003_b": one performance
  std::string song;    // "kpop_003"; its dances share it and its part
  SongSpec song_spec;
  std::uint64_t dance_seed = 0;
  DanceOptions dance;
  std::string split;  // "train", "val" or "test"
  int puppet = -1;    // who dances in the clip's video; -1: there is none
};

/// Takes in order, the dances of one song next to each other so that a song is made once. Test songs have seeds of
/// their own, drum kits (the last two) and, every other one, tempos (`held_out_tempos`) that no training song has.
/// `styles` empty: the preset's own.
std::vector<TakeSpec> corpus(Preset preset, std::uint64_t seed, const std::vector<Style>& styles = {},
                             const DanceOptions& dance = {});

/// The band of the style's tempo range that training songs of the table preset avoid.
TempoRange held_out_tempos(Style style);
inline constexpr int kTrainingKits = kKits - 2;

}  // namespace stgmamba::synth
