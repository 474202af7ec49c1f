// SPDX-License-Identifier: MIT
// Looking at a take: a contact sheet, or a video with its sound. Where the take is filmed the skeleton is drawn over
// the film's own frames, placed by the framing in the index, else on white.
#pragma once

#include <filesystem>
#include <string>

#include "stgmamba/data/dataset.hpp"

namespace stgmamba::data {

struct ShowOptions {
  double start = 0.0;              // s
  double seconds = -1.0;           // < 0: to the end
  int pictures = 24, columns = 6;  // contact sheet
  int width = 320;                 // of one picture of the sheet or of the video, pixels
};

/// The take of that id. Throws DataError with the nearest id.
TakeInfo find_take(const Dataset& dataset, const std::string& id);
/// Evenly spaced poses, each with its time and, where known, a mark when it is on a beat. PNG or JPEG. Throws DataError
/// where the film does not fit the index.
void write_contact_sheet(const Dataset& dataset, const TakeInfo& info, const std::filesystem::path& out,
                         const ShowOptions& options = {});
/// The take at its own rate with its sound, mp4.
void write_take_video(const Dataset& dataset, const TakeInfo& info, const std::filesystem::path& out,
                      const ShowOptions& options = {});

}  // namespace stgmamba::data
