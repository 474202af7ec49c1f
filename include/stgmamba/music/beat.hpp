// SPDX-License-Identifier: MIT
// Tempo and beats of a whole track (mdvs-and-metrics B1, steps 3 to 5): the most common period of the onsets, then the
// chain of onsets that keeps to it best (Ellis 2007, "Beat tracking by dynamic programming"), as librosa does it.
#pragma once

#include <string>
#include <vector>

#include "stgmamba/music/onset.hpp"

namespace stgmamba::music {

struct TempoOptions {
  double usual_bpm = 120.0;  // where listeners tap first: centre of a log-normal prior
  double octaves = 1.0;      // its standard deviation
  double max_bpm = 320.0;    // tempos from here on are never chosen
  double seconds = 8.0;      // of the window that is compared with itself
};

struct BeatOptions {
  OnsetOptions onset;
  TempoOptions tempo;
  double bpm = 0.0;          // known tempo; 0: estimate it
  double tightness = 100.0;  // how dearly a beat pays for being early or late
  bool trim = true;          // leave out beats before the first and after the last clear onset
};

struct Beats {
  double bpm = 0.0;           // beats a minute; 0 where nothing sounds
  std::vector<double> times;  // s, ascending
};

/// Beats a minute of the autocorrelation's best lag; 0 for an envelope without onsets.
double estimate_tempo(const OnsetEnvelope& onsets, const TempoOptions& options = {});

/// Beat times in s. Needs bpm > 0, at most one beat a frame.
std::vector<double> track_beats(const OnsetEnvelope& onsets, double bpm, double tightness = 100.0, bool trim = true);

/// Tempo, then beats. No beats where nothing sounds.
Beats find_beats(const OnsetEnvelope& onsets, const BeatOptions& options = {});
Beats find_beats(const media::Audio& audio, const BeatOptions& options = {});

/// Every parameter as text, for caches and cards: equal texts, equal beats.
std::string describe(const BeatOptions& options);

}  // namespace stgmamba::music
