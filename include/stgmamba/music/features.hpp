// SPDX-License-Identifier: MIT
// What a network may hear instead of samples (config `model.music.features: mel_onset_beat`): loudness in mel bands,
// onset strength and where in the beat each frame of a dance stands.
//
// A track is analysed once, finely; windows at any time and of any tempo are cut from that. The analysis looks no
// further than half a spectrum to either side, but for the beats, which belong to the whole track.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stgmamba/music/beat.hpp"

namespace stgmamba::music {

inline constexpr int kFeatureBands = 64;
inline constexpr int kSubframes = 5;  // onset strengths a frame of 0.1 s
/// Columns of a frame: bands, onsets, sine and cosine of the beat's phase, 1 at the frame nearest to a beat.
inline constexpr int kFeatureSize = kFeatureBands + kSubframes + 3;

/// What a network can hear, by name: the samples themselves, or these features.
inline const std::vector<std::string> kFeatureSets = {"waveform", "mel_onset_beat"};

/// The analysis of a whole track, 50 rows a second.
struct FeatureTrack {
  double rate = 50.0;
  std::vector<float> bands;   // [T, kFeatureBands] power in dB over 40, never under -2.5
  std::vector<float> onsets;  // [T] rise of the bands since the row before, dB over 10, mean over the bands
  std::vector<double> beats;  // s

  std::int64_t rows() const { return std::ssize(onsets); }
};

/// Beats are those of find_beats with its defaults. Throws DataError on samples that are not finite.
FeatureTrack analyse_track(const media::Audio& audio);
/// The same with beats that are known.
FeatureTrack analyse_track(const media::Audio& audio, std::vector<double> beats);

/// Frame f hears [start + f step, start + (f + 1) step) and its pose stands at the beginning of that (seconds of the
/// track; step is 0.1 s times the stretch of time). Held beyond the track's ends. [frames, kFeatureSize]
std::vector<float> cut_features(const FeatureTrack& track, double start, double step, std::int64_t frames);

/// Makes features of `cut_features` as loud as if the sound had been amplified; what lay on the floor stays there.
void amplify(std::vector<float>& features, double gain_db);

/// The parameters of bands and onsets as text; changes whenever the analysis does (caches).
std::string feature_version();

}  // namespace stgmamba::music
