// SPDX-License-Identifier: MIT
// Dancing by memory: for every eight beats of a song the training dance whose music was nearest in tempo and energy,
// warped beat by beat onto the song's own. It hears nothing else, so a learnt model has to be better than this.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stgmamba/data/dataset.hpp"
#include "stgmamba/infer/long_song.hpp"

namespace stgmamba::infer {

inline constexpr std::size_t kPhraseBeats = 8;

/// A song as retrieval sees it: beats, and between each and the next how loud it is.
struct BeatMusic {
  std::vector<double> beats;   // s
  std::vector<double> energy;  // of the beat that starts there, log of the mean square; one a beat
};
BeatMusic beat_music(const media::Audio& audio, const std::vector<double>& beats);

/// Training dances in pieces of eight beats.
class MotionLibrary {
 public:
  /// From the takes of `split` that have beats, at 10 frames/s, filled where joints are missing. Throws DataError when
  /// none has eight.
  static MotionLibrary from_dataset(const data::Dataset& dataset, const std::string& split = "train",
                                    const std::vector<std::string>& styles = {});
  /// Adds every piece of one dance; energies are compared within a song, loudness of the recording left out.
  void add(const skeleton::Motion& motion, const BeatMusic& music);
  std::size_t pieces() const { return pieces_.size(); }

  /// `seconds` of dance to `music` at 10 frames/s. Draw n takes one of the nearest `choices` pieces by (seed, draw,
  /// phrase); pieces are cross-faded over 0.4 s.
  skeleton::Motion dance(const BeatMusic& music, double seconds, std::uint64_t seed, std::int64_t draw = 0,
                         std::size_t choices = 5) const;

 private:
  struct Piece {
    std::size_t dance, beat;  // into dances_, and its first beat
    double period;            // s, mean
    double energy;            // mean over its beats, relative to its song
  };
  struct Source {
    skeleton::Motion motion;
    std::vector<double> beats;
  };
  const Piece& choose(double period, double energy, std::uint64_t seed, std::int64_t draw, std::size_t phrase,
                      std::size_t choices) const;
  std::vector<Source> dances_;
  std::vector<Piece> pieces_;
};

}  // namespace stgmamba::infer
