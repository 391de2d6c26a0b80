// SPDX-License-Identifier: MIT
//
// Names of the chips' peripherals and their registers (RM0390 2.2.2, RM0008 3.3
// and the register maps at the end of each chapter), for those that no model
// answers for: an access must say what it missed.

#include <string.h>

#include "devices.h"

// Register names in order of offset, one word each, "-" for a hole.
static const char tim[] = "CR1 CR2 SMCR DIER SR EGR CCMR1 CCMR2 CCER CNT PSC "
                          "ARR RCR CCR1 CCR2 CCR3 CCR4 BDTR DCR DMAR OR";
static const char spi[] = "CR1 CR2 SR DR CRCPR RXCRCR TXCRCR I2SCFGR I2SPR";
static const char usart[] = "SR DR BRR CR1 CR2 CR3 GTPR";
static const char i2c[] = "CR1 CR2 OAR1 OAR2 DR SR1 SR2 CCR TRISE FLTR";
static const char fmpi2c[] = "CR1 CR2 OAR1 OAR2 TIMINGR TIMEOUTR ISR ICR PECR "
                             "RXDR TXDR";
static const char can[] = "MCR MSR TSR RF0R RF1R IER ESR BTR";
static const char dac[] = "CR SWTRIGR DHR12R1 DHR12L1 DHR8R1 DHR12R2 DHR12L2 "
                          "DHR8R2 DHR12RD DHR12LD DHR8RD DOR1 DOR2 SR";
static const char rtc[] =
    "TR DR CR ISR PRER WUTR CALIBR ALRMAR ALRMBR WPR SSR SHIFTR TSTR TSDR "
    "TSSSR CALR TAFCR ALRMASSR ALRMBSSR - BKP0R BKP1R BKP2R BKP3R BKP4R BKP5R "
    "BKP6R BKP7R BKP8R BKP9R BKP10R BKP11R BKP12R BKP13R BKP14R BKP15R BKP16R "
    "BKP17R BKP18R BKP19R";
static const char wwdg[] = "CR CFR SR";
static const char spdif[] = "CR IMR SR IFCR DR CSR DIR";
static const char cec[] = "CR CFGR TXDR RXDR ISR IER";
static const char adc[] = "SR CR1 CR2 SMPR1 SMPR2 JOFR1 JOFR2 JOFR3 JOFR4 HTR "
                          "LTR SQR1 SQR2 SQR3 JSQR JDR1 JDR2 JDR3 JDR4 DR";
static const char adc_common[] = "CSR CCR CDR";
static const char sdio[] = "POWER CLKCR ARG CMD RESPCMD RESP1 RESP2 RESP3 "
                           "RESP4 DTIMER DLEN DCTRL DCOUNT STA ICR MASK - - "
                           "FIFOCNT";
static const char sai[] = "GCR ACR1 ACR2 AFRCR ASLOTR AIM ASR ACLRFR ADR BCR1 "
                          "BCR2 BFRCR BSLOTR BIM BSR BCLRFR BDR";
static const char dma[] =
    "LISR HISR LIFCR HIFCR S0CR S0NDTR S0PAR S0M0AR S0M1AR S0FCR S1CR S1NDTR "
    "S1PAR S1M0AR S1M1AR S1FCR S2CR S2NDTR S2PAR S2M0AR S2M1AR S2FCR S3CR "
    "S3NDTR S3PAR S3M0AR S3M1AR S3FCR S4CR S4NDTR S4PAR S4M0AR S4M1AR S4FCR "
    "S5CR S5NDTR S5PAR S5M0AR S5M1AR S5FCR S6CR S6NDTR S6PAR S6M0AR S6M1AR "
    "S6FCR S7CR S7NDTR S7PAR S7M0AR S7M1AR S7FCR";
static const char otg[] = "GOTGCTL GOTGINT GAHBCFG GUSBCFG GRSTCTL GINTSTS "
                          "GINTMSK GRXSTSR GRXSTSP GRXFSIZ";
static const char dcmi[] = "CR SR RIS IER MIS ICR ESCR ESUR CWSTRT CWSIZE DR";
static const char quadspi[] = "CR DCR SR FCR DLR CCR AR ABR DR PSMKR PSMAR "
                              "PIR LPTR";
static const char fmc[] = "BCR1 BTR1 BCR2 BTR2 BCR3 BTR3 BCR4 BTR4";

// of the F1
static const char rtc_f1[] = "CRH CRL PRLH PRLL DIVH DIVL CNTH CNTL ALRH ALRL";
static const char bkp[] = "- DR1 DR2 DR3 DR4 DR5 DR6 DR7 DR8 DR9 DR10 RTCCR CR "
                          "CSR";
static const char usb[] = "EP0R EP1R EP2R EP3R EP4R EP5R EP6R EP7R - - - - - - "
                          "- - CNTR ISTR FNR DADDR BTABLE";
static const char dma_f1[] =
    "ISR IFCR CCR1 CNDTR1 CPAR1 CMAR1 - CCR2 CNDTR2 CPAR2 CMAR2 - CCR3 CNDTR3 "
    "CPAR3 CMAR3 - CCR4 CNDTR4 CPAR4 CMAR4 - CCR5 CNDTR5 CPAR5 CMAR5 - CCR6 "
    "CNDTR6 CPAR6 CMAR6 - CCR7 CNDTR7 CPAR7 CMAR7";

const struct peripheral unmodelled_f103[] = {
    {0x1FFFF000, 0x800, "system memory", ""},
    {0x40000000, 0x400, "TIM2", tim},
    {0x40000400, 0x400, "TIM3", tim},
    {0x40000800, 0x400, "TIM4", tim},
    {0x40002800, 0x400, "RTC", rtc_f1},
    {0x40002C00, 0x400, "WWDG", wwdg},
    {0x40004800, 0x400, "USART3", usart},
    {0x40005400, 0x400, "I2C1", i2c},
    {0x40005800, 0x400, "I2C2", i2c},
    {0x40005C00, 0x400, "USB", usb},
    {0x40006000, 0x400, "USB SRAM", ""},
    {0x40006400, 0x400, "CAN", can},
    {0x40006C00, 0x400, "BKP", bkp},
    {0x40012400, 0x400, "ADC1", adc},
    {0x40012800, 0x400, "ADC2", adc},
    {0x40012C00, 0x400, "TIM1", tim},
    {0x40020000, 0x400, "DMA1", dma_f1},
    {0, 0, NULL, NULL},
};

const struct peripheral unmodelled_f446[] = {
    {0x1FFF0000, 0x7800, "system memory", ""},
    {0x1FFF7800, 0x210, "OTP", ""},
    {0x1FFFC000, 0x10, "option bytes", ""},
    {0x40000000, 0x400, "TIM2", tim},
    {0x40000400, 0x400, "TIM3", tim},
    {0x40000800, 0x400, "TIM4", tim},
    {0x40000C00, 0x400, "TIM5", tim},
    {0x40001000, 0x400, "TIM6", tim},
    {0x40001400, 0x400, "TIM7", tim},
    {0x40001800, 0x400, "TIM12", tim},
    {0x40001C00, 0x400, "TIM13", tim},
    {0x40002000, 0x400, "TIM14", tim},
    {0x40002800, 0x400, "RTC", rtc},
    {0x40002C00, 0x400, "WWDG", wwdg},
    {0x40003C00, 0x400, "SPI3", spi},
    {0x40004000, 0x400, "SPDIFRX", spdif},
    {0x40004800, 0x400, "USART3", usart},
    {0x40004C00, 0x400, "UART4", usart},
    {0x40005000, 0x400, "UART5", usart},
    {0x40005400, 0x400, "I2C1", i2c},
    {0x40005800, 0x400, "I2C2", i2c},
    {0x40005C00, 0x400, "I2C3", i2c},
    {0x40006000, 0x400, "FMPI2C1", fmpi2c},
    {0x40006400, 0x400, "CAN1", can},
    {0x40006800, 0x400, "CAN2", can},
    {0x40006C00, 0x400, "HDMI_CEC", cec},
    {0x40007400, 0x400, "DAC", dac},
    {0x40010000, 0x400, "TIM1", tim},
    {0x40010400, 0x400, "TIM8", tim},
    {0x40011400, 0x400, "USART6", usart},
    {0x40012000, 0x100, "ADC1", adc},
    {0x40012100, 0x100, "ADC2", adc},
    {0x40012200, 0x100, "ADC3", adc},
    {0x40012300, 0x100, "ADC", adc_common},
    {0x40012C00, 0x400, "SDIO", sdio},
    {0x40013400, 0x400, "SPI4", spi},
    {0x40014000, 0x400, "TIM9", tim},
    {0x40014400, 0x400, "TIM10", tim},
    {0x40014800, 0x400, "TIM11", tim},
    {0x40015800, 0x400, "SAI1", sai},
    {0x40015C00, 0x400, "SAI2", sai},
    {0x40024000, 0x1000, "BKPSRAM", ""},
    {0x40026000, 0x400, "DMA1", dma},
    {0x40026400, 0x400, "DMA2", dma},
    {0x40040000, 0x40000, "OTG_HS", otg},
    {0x50000000, 0x40000, "OTG_FS", otg},
    {0x50050000, 0x400, "DCMI", dcmi},
    {0xA0000000, 0x1000, "FMC", fmc},
    {0xA0001000, 0x1000, "QUADSPI", quadspi},
    {0, 0, NULL, NULL},
};

static void register_name(const char *registers, uint32_t offset, char *name,
                          size_t size)
{
    const char *word = registers;
    for (uint32_t index = offset / 4; index > 0 && word[0] != 0; index--) {
        word += strcspn(word, " ");
        word += strspn(word, " ");
    }
    size_t length = strcspn(word, " ");
    if (length == 0 || word[0] == '-') {
        snprintf(name, size, "offset 0x%03X", (unsigned)offset);
        return;
    }
    snprintf(name, size, "%.*s", (int)length, word);
}

bool memory_map_name(const struct chip *chip, uint32_t address, char *name,
                     size_t size)
{
    for (const struct peripheral *peripheral = chip->unmodelled;
         peripheral->name; peripheral++) {
        if (address - peripheral->base < peripheral->size) {
            int length = snprintf(name, size, "%s ", peripheral->name);
            register_name(peripheral->registers, address - peripheral->base,
                          name + length, size - (size_t)length);
            return true;
        }
    }
    return false;
}
