// SPDX-License-Identifier: MIT
// A video cut to the square that training sees, frame by frame.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "stgmamba/data/import.hpp"

namespace stgmamba::data {

/// Which pixels of the source become the picture: columns and rows from (left, top), `width` x `height` of them, may
/// reach outside (black) and are then resized to size x size.
struct Cut {
  int left = 0, top = 0, width = 0, height = 0;
};

/// `motion` in the reference frame, into which a source of width x height pixels was placed with its aspect kept. The
/// square crop lies around everything the dancer does, with a margin, inside the source where it fits.
Cut choose_cut(const std::string& framing, const skeleton::Motion& motion, int width, int height);
/// What the index says of the cut pictures.
Framing framing_of(const std::string& kind, const Cut& cut, int width, int height, int size);
media::Image cut_picture(const media::Image& source, const Cut& cut, int size);

/// Frames that can be decoded; headers lie.
std::int64_t count_frames(const std::filesystem::path& video);
/// The cut pictures of a video in order, from frame `first` on.
std::function<bool(media::Image&)> film_of(const std::filesystem::path& video, const Cut& cut, int size,
                                           std::int64_t first = 0);

}  // namespace stgmamba::data
