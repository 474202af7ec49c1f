// SPDX-License-Identifier: MIT
// Filling what a person hid: patches that agree with the surroundings, copied coarse to fine (randomised patch matching
// after Barnes et al. 2009, voting after Wexler et al. 2007). Diffusion would leave a smear where the hole is as large
// as a person.
#pragma once

#include <opencv2/core.hpp>

namespace stgmamba::infer {

/// Overwrites the pixels of `rgb` (CV_8UC3) where `hole` is not 0 with content found where `source` is not 0 (both
/// CV_8UC1). Deterministic. Where nothing can be a source, nothing changes.
void fill_hole(cv::Mat& rgb, const cv::Mat& hole, const cv::Mat& source);

}  // namespace stgmamba::infer
