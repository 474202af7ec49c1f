// SPDX-License-Identifier: MIT
#include "eval/filmed_puppets.hpp"

#include "stgmamba/synth/dance.hpp"
#include "stgmamba/synth/puppet.hpp"

namespace stgmamba::test {

data::Dataset film_puppets(const std::filesystem::path& folder, int size, std::int64_t frames) {
  data::DatasetWriter writer(folder, {"test", "none", "test", "test"});
  synth::SongSpec spec;
  spec.seed = 4;
  spec.seconds = 6.0;
  const synth::Song song = synth::make_song(spec);
  std::vector<std::string> ids;
  for (const int puppet : {3, 11, 20, 37}) {
    data::Take take;
    take.info.id = take.info.source = "kpop_00" + std::to_string(ids.size()) + "_a";
    take.info.style = "kpop";
    take.info.person = synth::puppet_name(puppet);
    const auto seed = static_cast<std::uint64_t>(puppet);
    take.motion = skeleton::slice(skeleton::resample(synth::make_dance(song, seed).motion, 10.0), 4, frames);
    take.audio.rate = 16000;
    take.audio.samples.assign(static_cast<std::size_t>(frames) * 1600, 0.0F);
    synth::PuppetClip clip = synth::film_puppet(take.motion, 1, puppet, size);
    take.frames = std::move(clip.frames);
    take.info.fps = 10.0;
    take.info.framing = {size, size, clip.scale, clip.left, clip.top};
    ids.push_back(take.info.id);
    writer.add(std::move(take));
  }
  writer.set_split("train", {ids[0]});
  writer.set_split("test", {ids[1], ids[2], ids[3]});
  writer.finish();
  return data::Dataset::open(folder);
}

}  // namespace stgmamba::test
