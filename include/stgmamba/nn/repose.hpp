// SPDX-License-Identifier: MIT
// A picture's person moved limb by limb to another pose: no weights, the same for every network. What a generator that
// begins here still has to learn is what limbs hide, folds, light, and the room behind.
#pragma once

#include <ATen/core/Tensor.h>

namespace stgmamba::nn {

/// `image` [N, C, H, W] with its person in the joints `from`, shown in the joints `to`: both [N, 18, 3], x and y in
/// pixels of the image and 1 where the joint is seen (OpenPose-18). Trunk, head, upper and lower arms and legs are
/// rectangles with round ends around their bones, their widths in lengths of the trunk; each is turned, and stretched
/// along its bone alone. Where two lie over each other the one whose bone is nearer (in its widths) is seen. What the
/// person covered is filled from around, and what stays where it was is left as it is: in the pose `from` the image
/// comes back. A limb that either pose lacks is not drawn; where none is left the image comes back, too. Differentiable
/// in the image; no gradient flows to joints.
at::Tensor repose(const at::Tensor& image, const at::Tensor& from, const at::Tensor& to);

}  // namespace stgmamba::nn
