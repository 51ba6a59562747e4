"""Tickets elsewhere: in C, a web page, ONNX, torch, NumPy or a QR code. One file each."""

from __future__ import annotations

from scratchcard.export.arrays import numpy
from scratchcard.export.c_code import c
from scratchcard.export.files import EXPORTERS, Exporter
from scratchcard.export.onnx_model import onnx
from scratchcard.export.qr_code import qr
from scratchcard.export.torch_module import torch
from scratchcard.export.web_page import html

__all__ = ["EXPORTERS", "Exporter", "c", "html", "numpy", "onnx", "qr", "torch"]
