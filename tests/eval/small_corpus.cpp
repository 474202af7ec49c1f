// SPDX-License-Identifier: MIT
#include "eval/small_corpus.hpp"

namespace stgmamba::test {

data::Take corpus_take(const synth::TakeSpec& spec) {
  const synth::Song song = synth::make_song(spec.song_spec);
  data::Take take;
  take.info.id = spec.id;
  take.info.source = spec.source;
  take.info.song = spec.song;
  take.info.style = "kpop";
  take.info.beats = song.beats;
  take.audio = song.audio;
  take.motion = synth::make_dance(song, spec.dance_seed, spec.dance).motion;
  take.info.fps = take.motion.fps;
  return take;
}

data::Dataset write_small_corpus(const std::filesystem::path& folder, double seconds) {
  data::DatasetWriter writer(folder, {"test", "none", "test", "test"});
  std::vector<std::string> train, test;
  for (synth::TakeSpec spec : synth::corpus(synth::Preset::kTiny, 3, {}, {})) {
    spec.song_spec.seconds = seconds;
    (train.size() < 6 ? train : test).push_back(spec.id);
    writer.add(corpus_take(spec));
  }
  writer.set_split("train", train);
  writer.set_split("test", test);
  writer.finish();
  return data::Dataset::open(folder);
}

}  // namespace stgmamba::test
